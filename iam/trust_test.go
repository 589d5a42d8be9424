package iam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// assumed is the role of the trust policies in testdata/trust.
const assumed = "arn:aws:iam::123456789012:role/team/deploy"

// trusting loads a document of testdata/trust: identity policies are named so,
// all others are trust policies.
func trusting(t *testing.T, name string) *Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "trust", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	kind := TrustPolicy
	if strings.HasPrefix(name, "identity-") {
		kind = IdentityPolicy
	}
	p, err := Compile(kind, name, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Trust policies in the forms in which GitHub ("Configuring OpenID Connect in
// Amazon Web Services"), GitLab ("Configure OpenID Connect in AWS"), Amazon EKS
// ("Assign IAM roles to Kubernetes service accounts", "Create IAM role with
// trust policy required by EKS Pod Identity") and the IAM User Guide ("Create a
// role for OpenID Connect federation", "Pass session tags in AWS STS", "How to
// use trust policies") have them. Each line of cases.tsv is a request to assume
// a role and its decision; "-" is an empty field.
func TestTrustPolicies(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "trust", "cases.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[string]bool{}
	cases := 0
	for line := range strings.Lines(string(text)) {
		if line[0] == '#' {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 6 {
			t.Fatalf("%q has not six fields", line)
		}
		cases++
		for _, name := range fields[:2] {
			if seen[name] == nil {
				seen[name] = map[string]bool{}
			}
			seen[name][fields[5]] = true
		}
		checkTrust(t, fields)
	}
	if cases < 95 {
		t.Errorf("%d cases, want at least 95", cases)
	}
	checkTrustUsed(t, seen)
}

// checkTrustUsed checks that each document is in a case, and each trust policy in one that
// is allowed and in one that is denied.
func checkTrustUsed(t *testing.T, seen map[string]map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("testdata/trust/*.json")
	if err != nil || len(files) < 28 {
		t.Fatalf("%d documents, want at least 28", len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		decided := seen[name]
		if len(decided) == 0 || !strings.HasPrefix(name, "identity-") && (len(decided) < 2 || !decided["allowed"]) {
			t.Errorf("%s is not tested, or one way only: %v", file, decided)
		}
	}
}

func checkTrust(t *testing.T, fields []string) {
	t.Helper()
	p := Policies{ResourceAccount: "123456789012"}
	if fields[0] != "-" {
		p.Resource = []*Policy{trusting(t, fields[0])}
	}
	if fields[1] != "-" {
		p.Identity = []*Policy{trusting(t, fields[1])}
	}
	r := Request{Principal: trustCaller(t, fields[2]), Action: fields[3], Resource: assumed, Context: trustContext(fields[4])}
	if got := p.Evaluate(&r).String(); got != fields[5] {
		t.Errorf("%q: %s", fields, got)
	}
}

func trustCaller(t *testing.T, text string) *Principal {
	t.Helper()
	if text == "anonymous" {
		return &Principal{Kind: Anonymous}
	}
	if provider, found := strings.CutPrefix(text, "federated:"); found {
		return &Principal{Kind: FederatedProvider, ARN: provider}
	}
	if service, found := strings.CutPrefix(text, "service:"); found {
		return &Principal{Kind: Service, ARN: service}
	}
	p, err := ParsePrincipal(text)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

// trustContext reads KEY=VALUE and KEY[]=VALUE,VALUE with ; between.
func trustContext(text string) (c Context) {
	if text == "-" {
		return nil
	}
	for pair := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(pair, "=")
		if name, multi := strings.CutSuffix(key, "[]"); multi {
			c = append(c, ContextEntry{Key: name, Values: strings.Split(value, ","), Multi: true})
			continue
		}
		c = append(c, ContextEntry{Key: key, Value: value})
	}
	return c
}

// Boundary and session policies limit a caller that assumes a role. A token has neither.
func TestTrustWithinLimits(t *testing.T) {
	alice := &Principal{Kind: User, ARN: "arn:aws:iam::123456789012:user/alice", Account: account}
	session := &Principal{Kind: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/runner/7", Account: account, RoleARN: "arn:aws:iam::123456789012:role/ci/runner"}
	identity := []*Policy{trusting(t, "identity-assume")}
	carol := &Principal{Kind: FederatedUser, ARN: "arn:aws:sts::123456789012:federated-user/carol", Account: account, UserARN: alice.ARN}
	trust := func(name string) []*Policy { return []*Policy{trusting(t, name)} }
	open, err := Compile(TrustPolicy, "everyone", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}`))
	if err != nil {
		t.Fatal(err)
	}
	everyone := []*Policy{open}
	for _, c := range []struct {
		name     string
		caller   *Principal
		policies Policies
		want     Decision
	}{
		{"user within a boundary", alice, Policies{Identity: identity, Resource: trust("account"), Boundary: list(t, PermissionsBoundary, "Allow", "sts:*")}, Allowed},
		{"user beyond it", alice, Policies{Identity: identity, Resource: trust("account"), Boundary: mute(t, PermissionsBoundary)}, ImplicitDeny},
		{"user that the role names, beyond its own limits", alice, Policies{Resource: trust("user"), Boundary: mute(t, PermissionsBoundary)}, Allowed},
		{"role that the role names, beyond it", session, Policies{Resource: trust("role-chain"), Boundary: mute(t, PermissionsBoundary)}, ImplicitDeny},
		{"role that the role names, beyond its session policy", session, Policies{Resource: trust("role-chain"), Session: mute(t, SessionPolicy)}, ImplicitDeny},
		{"user, where the role trusts everyone", alice, Policies{Resource: everyone}, Allowed},
		{"user, where the role trusts everyone, beyond a boundary", alice, Policies{Resource: everyone, Boundary: mute(t, PermissionsBoundary)}, ImplicitDeny},
		{"session, where the role trusts everyone", session, Policies{Resource: everyone}, Allowed},
		{"session, where the role trusts everyone, beyond its session policy", session, Policies{Resource: everyone, Session: mute(t, SessionPolicy)}, ImplicitDeny},
		{"session, where the role trusts everyone, within its session policy", session, Policies{Resource: everyone, Session: list(t, SessionPolicy, "Allow", "sts:*")}, Allowed},
		{"federated user, where the role trusts everyone", carol, Policies{Resource: everyone}, ImplicitDeny},
		{"anonymous, where the role trusts everyone", &Principal{Kind: Anonymous}, Policies{Resource: everyone}, ImplicitDeny},
		{"service, where the role trusts everyone", &Principal{Kind: Service, ARN: "pods.eks.amazonaws.com"}, Policies{Resource: everyone}, ImplicitDeny},
		{"no trust policy", alice, Policies{Identity: identity, Resource: []*Policy{}, ResourceAccount: other}, ImplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.policies.ResourceAccount == "" {
				c.policies.ResourceAccount = account
			}
			r := Request{Principal: c.caller, Action: "sts:AssumeRole", Resource: assumed}
			if got := c.policies.Evaluate(&r); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
