package policytest

import (
	"fmt"
	"testing"
)

// TestNotPrincipal tests directories whose repositories deny everything to all
// principals except those listed. A caller is exempt only if every principal of its
// request is listed. Sources: IAM User Guide, "AWS JSON policy elements:
// NotPrincipal", Key points and both examples (a user with the account; a role
// session with the role and the account); AWS re:Post Knowledge Center,
// "explicit-deny-principle-elements-s3" (each session is listed by its own name).
func TestNotPrincipal(t *testing.T) {
	const (
		root  = "arn:aws:iam::123456789012:root"
		alice = "arn:aws:iam::123456789012:user/alice"
		bob   = "arn:aws:iam::123456789012:user/bob"
		eve   = "arn:aws:iam::444455556666:user/eve"
		role  = "arn:aws:iam::123456789012:role/ci"
		build = "arn:aws:sts::123456789012:assumed-role/ci/build"
		other = "arn:aws:sts::123456789012:assumed-role/ci/other"
	)
	lists := map[string][]string{
		"user-only":     {alice},
		"user-and-root": {alice, root},
		"role-only":     {role},
		"role-and-root": {role, root},
		"session-only":  {build},
		"all-three":     {role, build, root},
	}
	files := map[string]string{
		"registries.yaml":   "registries: [{name: main, hosts: [registry.example.com], account: '123456789012', region: eu-central-1}]\n",
		"principals.yaml":   fmt.Sprintf("principals: [{arn: '%s', policies: [push]}, {arn: '%s', policies: [push]}, {arn: '%s', policies: [push]}, {arn: '%s', policies: [push]}]\n", alice, bob, eve, role),
		"managed/push.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`,
	}
	for name, listed := range lists {
		files["accounts/123456789012/eu-central-1/repositories/t/"+name+"/_policy.json"] = fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":[{"Sid":"Grant","Effect":"Allow","Principal":"*","Action":"ecr:*"},{"Sid":"DenyAllButOne","Effect":"Deny","NotPrincipal":{"AWS":%s},"Action":"ecr:*"}]}`, array(listed))
	}
	exempt := map[string][]string{"user-and-root": {alice, root}, "role-and-root": {root}, "all-three": {build, root}}
	s := load(t, directory(t, files))
	for name := range lists {
		for _, caller := range []string{alice, bob, eve, build, other, root} {
			want := "explicitDeny"
			for _, p := range exempt[name] {
				if p == caller {
					want = "allowed"
				}
			}
			tests, err := Parse("a.yaml", fmt.Appendf(nil, "tests: [{name: a, expect: %s, principal: '%s', request: GET /v2/t/%s/manifests/v1}]", want, caller, name))
			if err != nil {
				t.Fatal(err)
			}
			if results := Run(s, tests, now); results.Failed() > 0 {
				t.Errorf("%s of %s: %s, want %s", caller, name, summary(&results[0]), want)
			}
		}
	}
}

// array returns a JSON array of strings without escapes.
func array(texts []string) string {
	list := ""
	for _, text := range texts {
		list += `,"` + text + `"`
	}
	return "[" + list[1:] + "]"
}
