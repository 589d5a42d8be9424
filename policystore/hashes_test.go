package policystore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A hash of cost 13 or 14 takes longer than the 0.5 s of the shipped Envoy
// configurations on a busy machine. Each such line has a finding, in its place.
func TestCostlyHashes(t *testing.T) {
	const hash = "$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy\n"
	var lines, bindings strings.Builder
	for _, cost := range []int{4, 10, 12, 13, 14} {
		fmt.Fprintf(&lines, "u%d:$2a$%02d%s", cost, cost, hash)
		fmt.Fprintf(&bindings, "- {basic: u%d, principal: 'arn:aws:iam::123456789012:user/alice'}\n", cost)
	}
	s, err := compile(treeOf(map[string]string{
		"registries.yaml": "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n",
		"principals.yaml": "credentials:\n" + bindings.String() + "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice'}\n",
		"htpasswd":        "# users\n" + lines.String(),
	}), options(), newPersistent(offline()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Findings {
		got = append(got, f.String())
	}
	want := []string{
		`htpasswd:5:1: the bcrypt hash of user "u13" has cost 13, which a busy machine cannot verify within Envoy's timeout of 0.5 s; a cost of at most 12 fits, make the line again with htpasswd -nB -C 12`,
		`htpasswd:6:1: the bcrypt hash of user "u14" has cost 14, which a busy machine cannot verify within Envoy's timeout of 0.5 s; a cost of at most 12 fits, make the line again with htpasswd -nB -C 12`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
