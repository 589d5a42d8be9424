package lint

import (
	"slices"
	"strings"
	"testing"
)

// TestUnassumableRole checks that a role is reported exactly if neither a credential nor a
// token can make a caller its session, as package identity decides it.
func TestUnassumableRole(t *testing.T) {
	const (
		web      = `"Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}}`
		ofRole   = "arn:aws:iam::123456789012:role/k8s/ci"
		byToken  = "- {token: github, claims: {sub: 'repo:acme/{repo}:ref:refs/heads/main'}, principal: '"
		byURI    = "- {uri: 'spiffe://a/ns/{ns}/sa/{sa}', principal: '"
		alice    = "arn:aws:iam::123456789012:user/alice"
		session  = "arn:aws:sts::123456789012:assumed-role/"
		onlyMTLS = "registries:\n- {name: a, hosts: [a.example], account: '123456789012', region: eu-central-1, sources: [bearer, mtls]}\n"
		byEnvoy  = "issuers:\n- {name: github, issuer: 'https://token.actions.githubusercontent.com', metadata: github}\n"
	)
	for _, c := range []struct {
		name        string
		issuers     string // of principals.yaml
		credentials string
		trust       string // the statement without its effect; "" for no trust policy
		assumable   bool
		more        []string // files
	}{
		{"no credential and no trust policy", github, "", "", false, nil},
		{"a credential", "", byURI + session + "ci/{sa}'}\n", "", true, nil},
		{"a credential of another account", "", byURI + "arn:aws:sts::444455556666:assumed-role/c{ns}/{sa}', path: /k8s/}\n", "", false, nil},
		{"a credential of another role", "", byURI + session + "{ns}-ci/{sa}', path: /k8s/}\n", "", false, nil},
		{"a credential for roles with the path", "", byURI + session + "{ns}/{sa}', path: /k8s/}\n", "", true, nil},
		{"a credential for roles with another path", "", byURI + session + "{ns}/{sa}', path: /apps/}\n", "", false, nil},
		{"a credential for roles without a path", "", byURI + session + "c{ns}/{sa}'}\n", "", false, nil},
		{"a credential that captures a part of the name", "", byURI + session + "c{ns}/{sa}', path: /k8s/}\n", "", true, nil},
		{"a credential that captures a longer name", "", byURI + session + "ci{ns}/{sa}', path: /k8s/}\n", "", false, nil},
		{"a token that is not bound", github, "", web, true, nil},
		{"a provider of another account", github, "", strings.Replace(web, "123456789012", "444455556666", 1), false, nil},
		{"a provider without an ARN", github, "", strings.Replace(web, "arn:aws:iam::123456789012:oidc-provider/", "", 1), false, nil},
		{"another action", github, "", strings.Replace(web, "WithWebIdentity", "", 1), false, nil},
		{"a registry that does not accept user names", github, "", web, false, []string{"registries.yaml", onlyMTLS}},
		{"a token that jwt_authn verifies", byEnvoy, "", web, false, nil},
		{"a token of an issuer with this role", strings.Replace(byEnvoy, "}", ", role: '"+ofRole+"'}", 1), "", web, true, nil},
		{"a token that is bound to a principal", github, byToken + alice + "'}\n", web, false, nil},
		{"the principal of a bound token", github, byToken + alice + "'}\n", `"Action":"sts:AssumeRole","Principal":{"AWS":"` + alice + `"}`, true, nil},
		{"the account of a bound token", github, byToken + alice + "'}\n", `"Action":"sts:*","Principal":{"AWS":"123456789012"}`, true, nil},
		{"another account than that of a bound token", github, byToken + alice + "'}\n", `"Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::444455556666:root"}`, false, nil},
		{"a role, while the token is bound to a user", github, byToken + alice + "'}\n", `"Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::444455556666:role/x"}`, false, nil},
		{"a service", github, "", `"Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}`, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			role := "- {arn: '" + ofRole + "', policies: [developers]"
			changes := and(map[string]string{}, c.more...)
			if c.trust != "" {
				role += ", trust: ci"
				changes["trust/ci.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + c.trust + `}}`
			}
			changes["principals.yaml"] = c.issuers + "credentials:\n- {dns: a.example, principal: '" + alice + "'}\n" + c.credentials +
				"principals:\n- {arn: '" + alice + "', policies: [developers]}\n" + role + "}\n"
			found := codes(check(t, changes))
			if got := !slices.Contains(found, "unassumable-role"); got != c.assumable || slices.Contains(found, "unloadable") {
				t.Errorf("assumable is %v, want %v: %v", got, c.assumable, check(t, changes))
			}
		})
	}
}
