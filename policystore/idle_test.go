package policystore

import (
	"slices"
	"strings"
	"testing"
)

// What can never prove anybody is found when the directory is loaded, in its place,
// and keeps nothing from being loaded.
func TestIdle(t *testing.T) {
	const registry = "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: eu-central-1\n"
	const principals = "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice'}\n"
	const line = "$2a$04$LgR1pVdhT.VogB6bsY9v8OCJ5T6U7ZIZYU.5gK.gOgZD0p4B4gKHy\n"
	const all = "  sources: [mtls, jwt_authn, bearer, basic, header]\n  header: x-user\n"
	for _, c := range []struct {
		name, sources, before, htpasswd string
		want                            []string
	}{
		{"nothing", all, "", "", []string{
			`registries.yaml:6:12: registry "main": the source basic cannot authenticate any caller, because principals.yaml has no credential with basic, and no issuer with jwks`,
			`registries.yaml:6:12: registry "main": the source bearer cannot authenticate any caller, because principals.yaml has no issuer with jwks`,
			`registries.yaml:6:12: registry "main": the source header cannot authenticate any caller, because principals.yaml has no credential with header`,
			`registries.yaml:6:12: registry "main": the source jwt_authn cannot authenticate any caller, because principals.yaml has no issuer with metadata`,
			`registries.yaml:6:12: registry "main": the source mtls cannot authenticate any caller, because principals.yaml has no credential with uri, dns or subject`,
		}},
		{"by default", "", "", "", nil},
		{"one of each", all, "issuers:\n- {name: ci, issuer: 'https://ci.example.com', jwks: 'https://ci.example.com/jwks', metadata: ci}\n" +
			"credentials:\n- {dns: a.example.com, principal: 'arn:aws:iam::123456789012:user/alice'}\n- {header: '{name}', principal: 'arn:aws:iam::123456789012:user/{name}'}\n", "", nil},
		{"an issuer that Envoy alone verifies", "  sources: [jwt_authn, bearer]\n", "issuers:\n- {name: ci, issuer: 'https://ci.example.com', metadata: ci}\n", "", []string{
			`registries.yaml:6:12: registry "main": the source bearer cannot authenticate any caller, because principals.yaml has no issuer with jwks`,
		}},
		{"users", "", "credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n", "# people\nbob:" + line + "alice:" + line + "carol:" + line, []string{
			`htpasswd:2:1: no principal is bound to user "bob", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
			`htpasswd:4:1: no principal is bound to user "carol", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
		}},
		{"users by a pattern", "", "credentials:\n- {basic: 'a{rest}', principal: 'arn:aws:iam::123456789012:user/a{rest}'}\n", "alice:" + line + "bob:" + line, []string{
			`htpasswd:2:1: no principal is bound to user "bob", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
		}},
		{"users who are not there", "", "credentials:\n- {basic: '{user}', principal: 'arn:aws:iam::123456789012:user/{user}'}\n", "alice:" + line + "carol:" + line, []string{
			`htpasswd:2:1: no principal is bound to user "carol", so that its password is useless; add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := compile(treeOf(map[string]string{
				"registries.yaml": registry + c.sources, "principals.yaml": c.before + principals, "htpasswd": c.htpasswd,
			}), options(), newPersistent(offline()))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Findings {
				got = append(got, f.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
