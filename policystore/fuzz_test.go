package policystore

import (
	"maps"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/policystore/config"
	"extauthz/policystore/directory"
)

// FuzzYAML checks that every text in the three YAML files loads or is an error, and that
// each fault is one line with the name of a file.
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
	f.Add(uint8(1), `registries:
- {name: a, hosts: [a.example.com, "a.example.com:5000", "[::1]"], account: "111111111111", region: eu-central-1}
- {name: b, hosts: ["b.example.com:8443"], account: "222222222222", region: cn-north-1, partition: aws-cn, byHost: true, tls: true, challenge: bearer, tokenRealm: https://t/, sources: [mtls, header], header: x-user, trustedHops: 1}
`)
	fuzzFiles(f, good, files, ".yaml")
}

// FuzzOutputs checks the same for the JSON files: outputs of the AWS CLI and policies.
func FuzzOutputs(f *testing.F) {
	good := exported(f)
	for file, text := range map[string]string{
		secretDir: awsRepositoryPolicy, registryPlace: awsRegistryPolicy, tagsPlace: awsTags, inventoryFile: awsInventory,
		"organization/scp/0/a.json": fullAccess, "organization/rcp/0/a.json": noBatch,
	} {
		good[file] = text
	}
	files := []string{authorizationPlace, secretDir, registryPlace, tagsPlace, inventoryFile, "organization/scp/0/a.json", "organization/rcp/0/a.json"}
	for i, file := range files {
		f.Add(uint8(i), good[file])
		f.Add(uint8(i), strings.ReplaceAll(good[file], "\n", " "))
		f.Add(uint8(i), strings.ReplaceAll(good[file], "Effect", "\\u0045ffect"))
		f.Add(uint8(i), "{}")
	}
	f.Add(uint8(1), `{"policyText": "%7B", "polic\u0079Text": ""}`)
	f.Add(uint8(3), `{"tags": [], "tag\u0073": ""}`)
	fuzzFiles(f, good, files, ".json")
}

// fuzzFiles replaces files of a good directory by fuzzed texts.
func fuzzFiles(f *testing.F, good map[string]string, files []string, kind string) {
	if _, err := compile(treeOf(good), options(), newPersistent(offline())); err != nil {
		f.Fatal(err)
	}
	kept := newPersistent(offline())
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		content, file := maps.Clone(good), files[int(which)%len(files)]
		content[file] = text
		s, err := compile(treeOf(content), options(), kept)
		switch {
		case err == nil && s == nil, err != nil && s != nil:
			t.Fatalf("snapshot %v, error %v", s, err)
		case err == nil:
			return
		}
		for i, line := range strings.Split(err.Error(), "\n") {
			if i < diag.MaxFaults && !strings.Contains(line, kind) && !strings.Contains(line, ".json") && !strings.Contains(line, "htpasswd") {
				t.Errorf("error %q", line)
			}
		}
	})
}

func treeOf(contents map[string]string) *directory.Tree {
	content := map[string][]byte{}
	for path, text := range contents {
		content[path] = []byte(text)
	}
	return directory.NewTree(content)
}

// compilerOf returns a compiler of a first content.
func compilerOf(contents map[string]string) *compiler {
	return newCompiler(treeOf(contents), newPersistent(offline()))
}

// loadOrganization reads the organization of a tree.
func loadOrganization(t *directory.Tree) (*config.Organization, error) {
	c := newCompiler(t, newPersistent(offline()))
	o, _ := c.loadOrganization()
	return o, c.faults.Err()
}
