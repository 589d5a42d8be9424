package policystore

import (
	"slices"
	"testing"

	"extauthz/iam"
)

// TestPartitions wants a registry of a partition that AWS has not to be found in its
// place, and to be in force.
func TestPartitions(t *testing.T) {
	const registry = "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: home-1\n"
	tried := map[string][]string{
		"": nil, "  partition: aws-moon\n": {`registries.yaml:6:14: registry "main" is of the unknown partition "aws-moon"`},
	}
	for partition := range iam.Partitions() {
		tried["  partition: "+partition+"\n"] = nil
	}
	if len(tried) < 6 {
		t.Fatalf("%d partitions, want at least 6", len(tried))
	}
	for line, want := range tried {
		s, err := compile(treeOf(map[string]string{"registries.yaml": registry + line, "principals.yaml": "credentials: []\nprincipals: []\n"}), options(), newLasting(offline()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Findings {
			got = append(got, f.String())
		}
		if !slices.Equal(got, want) || s.RegistryNamed("main") == nil {
			t.Errorf("%q: got %v want %v", line, got, want)
		}
	}
}
