package policystore

import (
	"strings"
	"testing"

	"extauthz/identity"
)

// FuzzYAML holds that no text in the three YAML files brings the loading down, and
// that whatever is refused is told in one line that names the file.
func FuzzYAML(f *testing.F) {
	good := map[string]string{}
	for path, text := range whole(f, newSigner(f)) {
		good[path] = text
	}
	good["organization.yaml"] = goodOrganization
	files := []string{"principals.yaml", "registries.yaml", "organization.yaml"}
	for i, file := range files {
		f.Add(uint8(i), good[file])
		f.Add(uint8(i), strings.ReplaceAll(good[file], "\n", "\n\n"))
		f.Add(uint8(i), "{}")
		f.Add(uint8(i), "a: &a [*a]\n")
	}
	f.Add(uint8(1), strings.ReplaceAll(twoRegistries, "tls: true", "tls: true, challenge: bearer, tokenRealm: https://t/, sources: [mtls, header], header: x-user, trustedHops: 1"))
	lasting := &lasting{identity.NewPasswords(), offline()}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		content := tree{}
		for path, good := range good {
			content[path] = []byte(good)
		}
		file := files[int(which)%len(files)]
		content[file] = []byte(text)
		s, err := compile(content, options(), lasting)
		switch {
		case err == nil && s == nil, err != nil && s != nil:
			t.Fatalf("snapshot %v, error %v", s, err)
		case err == nil:
			return
		}
		if message := err.Error(); strings.Contains(message, "\n") || !strings.Contains(message, ".yaml") && !strings.Contains(message, ".json") && !strings.Contains(message, "htpasswd") {
			t.Errorf("error %q", message)
		}
	})
}
