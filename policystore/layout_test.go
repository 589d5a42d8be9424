package policystore

import (
	"strings"
	"testing"
)

// TestMaxSize checks the size limits of files by name.
func TestMaxSize(t *testing.T) {
	for file, want := range map[string]int64{
		"managed/a.json": 1 << 20, "organization.yaml": 1 << 20,
		"accounts/1/authorization-details.json": 64 << 20, "accounts/1/2/repositories.json": 64 << 20,
		"principals.yaml": 16 << 20, "registries.yaml": 16 << 20, "htpasswd": 16 << 20,
		"xauthorization-details.json": 1 << 20, "authorization-details.json/_policy.json": 1 << 20,
	} {
		if got := maxSize(file); got != want {
			t.Errorf("%s may have %d bytes, want %d", file, got, want)
		}
	}
}

func TestStrayFiles(t *testing.T) {
	for file, want := range map[string]string{
		"registries.yml": "registries.yml: not a file of a policy directory, so its content would have no effect; name it registries.yaml, or remove it",
		"accounts/12345678901/authorization-details.json": `would have no effect; name its account by 12 digits instead of "12345678901", or remove it`,
		"managed/\u0430.json":                             "managed/\u0430.json: not a file of a policy directory (\"managed/\\u0430.json\"), so its content",
		"managed/a.json ":                                 `("managed/a.json "), so its content`,
		"stray":                                           "stray: not a file of a policy directory, so its content would have no effect; fix its name, remove it, or give it a leading dot",
	} {
		contents := small()
		contents[file] = pullOnly
		if _, err := compile(treeOf(contents), options(), newPersistent(offline())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
}

// TestDocumentation checks that documentation is not part of the directory, at any level and
// in flat form, and that a policy with a wrong name is still an error.
func TestDocumentation(t *testing.T) {
	plain, err := load(t, small())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"README.md", "LICENSE", "CHANGELOG.md", "managed/README.md", "managed/LICENSE", "managed..README.md", "organization/notes.md", "organization/scp/README.md", "tests/README.md",
		"accounts/README.md", "accounts/123456789012/eu-central-1/repositories/secret/README.md", "docs/how-to/Read me.v2.md", "trust..LICENSE",
	} {
		contents := small()
		contents[file] = "not JSON \xff"
		s, err := load(t, contents)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if s.Digest != plain.Digest || s.Summary != plain.Summary {
			t.Errorf("%s changes the snapshot", file)
		}
	}
	for _, file := range []string{"README", "README.txt", "managed/deny.json.md", "principals.yaml.md", "ca/a.pem.md", "LICENSE.json", "license", "managed/README.MD", "readme.markdown"} {
		contents := small()
		contents[file] = denyAll
		if _, err := load(t, contents); err == nil || !strings.HasPrefix(err.Error(), file+": ") {
			t.Errorf("%s: error %v, want one about the file", file, err)
		}
	}
}
