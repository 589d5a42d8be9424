package identity

import (
	"strings"
	"testing"

	"extauthz/identity/sts"
)

// issuers of the trust policies in testdata.
const (
	githubURL = "https://token.actions.githubusercontent.com"
	eksURL    = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	gitlabCom = "https://gitlab.com"
	googleURL = "https://accounts.google.com"
)

// trusted returns an authenticator with roles that have the trust policies in testdata,
// each named after its file, and with the issuers in these. All accept tokens for AWS
// STS.
func trusted(t *testing.T) *Authenticator {
	t.Helper()
	var w principals
	for _, name := range []string{"github-branch", "github-any-ref", "github-claims", "gitlab", "eks-irsa", "eks-pod-identity", "google"} {
		w.entities = append(w.entities,
			sts.Entity{ARN: role + "team/" + name, ID: "AROA" + strings.ToUpper(name), Trust: trustFile(t, name)},
			sts.Entity{ARN: "arn:aws:iam::999999999999:role/" + name, Trust: trustFile(t, name)})
	}
	for name, url := range map[string]string{"github": githubURL, "eks": eksURL, "gitlab": gitlabCom, "google": googleURL} {
		w.issuers = append(w.issuers, Issuer{Name: name, Verifier: signerAt(url).verifier(t), ForeignAudiences: []string{"sts.amazonaws.com"}})
	}
	return w.build(t)
}

// TestTrustPoliciesOfGuides checks trust policies in the forms that GitHub
// ("Configuring OpenID Connect in Amazon Web Services"), GitLab ("Configure OpenID
// Connect in AWS"), Amazon EKS ("Assign IAM roles to Kubernetes service accounts",
// "Create IAM role with trust policy required by EKS Pod Identity") and the IAM User
// Guide document, with tokens as those issuers make them.
func TestTrustPoliciesOfGuides(t *testing.T) {
	auth := trusted(t)
	const denied = "is not authorized to perform: sts:AssumeRoleWithWebIdentity"
	github := func(changes claims) claims {
		all := claims{"aud": "sts.amazonaws.com", "sub": "repo:octo-org/octo-repo:ref:refs/heads/octo-branch", "ref": "refs/heads/octo-branch", "repository_id": "74", "repository": "octo-org/octo-repo"}
		for k, v := range changes {
			all[k] = v
		}
		return all
	}
	pod := claims{"aud": []string{"sts.amazonaws.com"}, "sub": "system:serviceaccount:default:my-service-account"}
	google := claims{"aud": "sts.amazonaws.com", "azp": "108000002380243782158", "sub": "108000002380243782158"}
	for _, c := range []struct {
		name, url, role string
		claims          claims
		denied          bool
	}{
		{name: "GitHub, the branch", url: githubURL, role: "github-branch", claims: github(nil)},
		{name: "GitHub, another branch", url: githubURL, role: "github-branch", claims: github(claims{"sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}), denied: true},
		{name: "GitHub, a pull request", url: githubURL, role: "github-branch", claims: github(claims{"sub": "repo:octo-org/octo-repo:pull_request"}), denied: true},
		{name: "GitHub, the branch in another case", url: githubURL, role: "github-branch", claims: github(claims{"sub": "repo:Octo-Org/octo-repo:ref:refs/heads/octo-branch"}), denied: true},
		{name: "GitHub, made for this registry and not for STS", url: githubURL, role: "github-branch", claims: github(claims{"aud": registryAudience}), denied: true},
		{name: "GitHub, no sub", url: githubURL, role: "github-branch", claims: github(claims{"sub": nil}), denied: true},
		{name: "GitHub, sub is a list", url: githubURL, role: "github-branch", claims: github(claims{"sub": []string{"repo:octo-org/octo-repo:ref:refs/heads/octo-branch"}}), denied: true},
		{name: "GitHub, any ref", url: githubURL, role: "github-any-ref", claims: github(claims{"sub": "repo:octo-org/octo-repo:environment:prod"})},
		{name: "GitHub, any ref of another repository", url: githubURL, role: "github-any-ref", claims: github(claims{"sub": "repo:octo-org/octo-repo2:ref:refs/heads/main"}), denied: true},
		{name: "GitHub, a wildcard in the claim is text", url: githubURL, role: "github-branch", claims: github(claims{"sub": "repo:octo-org/octo-repo:*"}), denied: true},
		{name: "GitHub, repository_id and ref", url: githubURL, role: "github-claims", claims: github(claims{"ref": "refs/heads/main"})},
		{name: "GitHub, another ref", url: githubURL, role: "github-claims", claims: github(nil), denied: true},
		{name: "GitHub, repository_id is a number", url: githubURL, role: "github-claims", claims: github(claims{"ref": "refs/heads/main", "repository_id": 74}), denied: true},
		{name: "GitLab", url: gitlabCom, role: "gitlab", claims: claims{"sub": "project_path:mygroup/myproject:ref_type:branch:ref:main", "ref_protected": "true"}},
		{name: "GitLab, a branch that is not protected", url: gitlabCom, role: "gitlab", claims: claims{"sub": "project_path:mygroup/myproject:ref_type:branch:ref:main", "ref_protected": "false"}, denied: true},
		{name: "GitLab, another project", url: gitlabCom, role: "gitlab", claims: claims{"sub": "project_path:mygroup/other:ref_type:branch:ref:main", "ref_protected": "true"}, denied: true},
		{name: "EKS", url: eksURL, role: "eks-irsa", claims: pod},
		{name: "EKS, another service account", url: eksURL, role: "eks-irsa", claims: claims{"aud": "sts.amazonaws.com", "sub": "system:serviceaccount:kube-system:my-service-account"}, denied: true},
		{name: "EKS, made for the API server and this registry", url: eksURL, role: "eks-irsa", claims: claims{"aud": []string{"https://kubernetes.default.svc", registryAudience}, "sub": pod["sub"]}, denied: true},
		{name: "another issuer with the same claims", url: gitlabCom, role: "eks-irsa", claims: pod, denied: true},
		{name: "another issuer with GitHub's claims", url: eksURL, role: "github-branch", claims: github(nil), denied: true},
		{name: "EKS Pod Identity trusts a service, and no token", url: eksURL, role: "eks-pod-identity", claims: pod, denied: true},
		{name: "Google", url: googleURL, role: "google", claims: google},
		{name: "Google, another service account", url: googleURL, role: "google", claims: claims{"aud": "sts.amazonaws.com", "azp": "2", "sub": "108000002380243782158"}, denied: true},
		{name: "Google, a token that a client requested for itself", url: googleURL, role: "google", claims: claims{"aud": registryAudience, "azp": "108000002380243782158", "sub": "108000002380243782158"}, denied: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := want{arn: assumedRole + c.role + "/" + issuerOf(c.url)}
			if c.denied {
				w = want{reason: denied}
			}
			token := signerAt(c.url).token(t, c.claims)
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/team/"+c.role, token)})
			w.check(t, caller, f)

			caller, f = authenticate(t, auth, config(), Credentials{Authorization: basicHeader("999999999999/"+c.role, token)})
			if c.role == "google" && !c.denied { // a provider that is of no account
				w.arn = "arn:aws:sts::999999999999:assumed-role/google/google"
			} else {
				w = want{reason: denied}
			}
			w.check(t, caller, f)
		})
	}
}

func issuerOf(url string) string {
	return map[string]string{githubURL: "github", eksURL: "eks", gitlabCom: "gitlab", googleURL: "google"}[url]
}
