package policystore

import (
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/oidc"
)

const (
	noon  = 1_800_000_000 // the time of the requests in these tests
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
  "Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
  "Condition":{"StringEquals":{"ci.example.com:aud":"localhost"},"StringLike":{"ci.example.com:sub":"repo:acme/*"}}}]}`
)

// whole returns a policy directory that uses everything in principals.yaml.
func whole(t testing.TB, s signer) map[string]string {
	t.Helper()
	d := small()
	d["principals.yaml"] = `issuers:
- name: ci
  issuer: https://ci.example.com
  jwks: jwks/ci.json
  role: arn:aws:iam::123456789012:role/team/ci
  claims: {sub: "repo:{owner}/{repo}"}
  session: "{repo}"
  tags: {branch: ref}
  foreignAudiences: [sts.amazonaws.com]
  sessionPolicies: [pull]
- name: lab
  issuer: https://lab.example.com
  jwks: https://lab.example.com/keys
  ca: ca/lab.pem
- name: mesh
  issuer: https://mesh.example.com
  metadata: mesh
credentials:
- basic: alice
  principal: arn:aws:iam::123456789012:user/dev/alice
- uri: "spiffe://cluster.local/ns/{namespace}/sa/{name}"
  principal: "arn:aws:sts::123456789012:assumed-role/{namespace}/pod"
  path: /team/
  tags: {serviceaccount: "{name}"}
  sourceIdentity: "{name}"
  sessionPolicies: [pull]
- dns: build.example.com
  principal: codebuild.amazonaws.com
- subject: CN=root
  principal: arn:aws:iam::123456789012:root
- header: "{name}@example.com"
  principal: "arn:aws:iam::123456789012:user/{name}"
- header: visitor
  principal: arn:aws:sts::123456789012:federated-user/visitor
  federatedBy: arn:aws:iam::123456789012:user/dev/alice
  sessionPolicies: [arn:aws:iam::123456789012:policy/pull]
- token: lab
  claims: {sub: "project_path:acme/{project}:ref_type:branch:ref:main"}
  principal: "arn:aws:sts::123456789012:assumed-role/ci/{project}"
  claimTags: {ref: ref}
principals:
- arn: arn:aws:iam::123456789012:user/dev/alice
  policies: [pull]
  boundary: pull
  tags: {team: blue}
- arn: arn:aws:iam::123456789012:role/team/ci
  policies: [` + pullOnlyA + `]
  boundary: arn:aws:iam::123456789012:policy/pull
  trust: ci
  tags: {team: red}
`
	d["jwks/ci.json"], d["trust/ci.json"], d["ca/lab.pem"] = s.jwks(t), trust, authority(t)
	return d
}

// claims returns the claims of a token that is valid at noon, with changes.
func claims(changes map[string]any) map[string]any {
	all := map[string]any{"iss": "https://ci.example.com", "aud": "localhost", "sub": "repo:acme/app", "ref": "main", "iat": noon - 10, "exp": noon + 600}
	for name, value := range changes {
		all[name] = value
	}
	return all
}

func bearer(token string) *identity.Credentials {
	return &identity.Credentials{Authorization: []string{"Bearer " + token}, Time: time.Unix(noon, 0)}
}

// TestWhoIsWho checks every kind of caller, with tags, session policies and boundaries.
func TestWhoIsWho(t *testing.T) {
	s := newSigner(t)
	snapshot, err := load(t, whole(t, s))
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{Registries: 1, Credentials: 7, Principals: 2, Issuers: 3, ManagedPolicies: 1, AWSManagedPolicies: 4, RepositoryPolicies: 1}
	if snapshot.Summary != want {
		t.Errorf("summary %+v, want %+v", snapshot.Summary, want)
	}
	rules := snapshot.RegistryNamed("a").Authentication
	headers := rules
	headers.Sources, headers.Header = []identity.Source{identity.TrustedHeader}, "x-user"
	for _, c := range []struct {
		name      string
		rules     *identity.Config
		evidence  *identity.Credentials
		principal string
		session   int // session policies
		keys      map[string]string
	}{
		{"a token that assumes the issuer's role", &rules, bearer(s.token(t, claims(nil))), "arn:aws:sts::123456789012:assumed-role/ci/app", 1,
			map[string]string{"aws:PrincipalArn": "arn:aws:iam::123456789012:role/team/ci", "aws:PrincipalTag/team": "red", "aws:PrincipalTag/branch": "main"}},
		{"a header that is a federated user", &headers, &identity.Credentials{HeaderValues: []string{"visitor"}, TrustedHeader: "x-user", Time: time.Unix(noon, 0)},
			"arn:aws:sts::123456789012:federated-user/visitor", 1, map[string]string{"aws:userid": "123456789012:visitor"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, failure := snapshot.Callers.Authenticate(t.Context(), c.rules, c.evidence)
			if failure != nil {
				t.Fatal(failure)
			}
			if caller.Principal.ARN != c.principal || len(caller.SessionPolicies) != c.session {
				t.Errorf("%s with %d session policies, want %s with %d", caller.Principal.ARN, len(caller.SessionPolicies), c.principal, c.session)
			}
			for key, want := range c.keys {
				if got, _ := caller.Context.Lookup(key); got.Value != want {
					t.Errorf("%s = %q, want %q", key, got.Value, want)
				}
			}
		})
	}
}

// TestUserIDsOfCapturedNames checks that a policy can use aws:userid if every principal has an id, and that
// every caller then has the key, including those whose names are captured.
func TestUserIDsOfCapturedNames(t *testing.T) {
	d := whole(t, newSigner(t))
	d["principals.yaml"] = strings.NewReplacer("user/dev/alice\n  policies", "user/dev/alice\n  id: AIDAALICE\n  policies",
		"role/team/ci\n  policies", "role/team/ci\n  id: AROACIROLE\n  policies", "user/{name}", "user/dev/{name}").Replace(d["principals.yaml"])
	d["managed/other.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AROA*:build"}}}}`
	s, err := load(t, d)
	if err != nil {
		t.Fatal(err)
	}
	rules := identity.Config{Sources: []identity.Source{identity.TrustedHeader, identity.MTLS}, Header: "x-user", PrincipalKind: identity.URI}
	for _, c := range []struct {
		evidence identity.Credentials
		want     string
	}{
		{identity.Credentials{HeaderValues: []string{"alice@example.com"}, TrustedHeader: "x-user"}, "AIDAALICE"},
		{identity.Credentials{HeaderValues: []string{"visitor"}, TrustedHeader: "x-user"}, "123456789012:visitor"},
		{identity.Credentials{Principal: "spiffe://cluster.local/ns/ci/sa/build"}, "AROACIROLE:pod"},
	} {
		caller, failure := s.Callers.Authenticate(t.Context(), &rules, &c.evidence)
		if failure != nil {
			t.Fatal(failure)
		}
		if got, _ := caller.Context.Lookup("aws:userid"); got.Value != c.want {
			t.Errorf("%s has the id %q, want %q", caller.Principal.ARN, got.Value, c.want)
		}
	}
	for _, unknown := range []identity.Credentials{{HeaderValues: []string{"bob@example.com"}, TrustedHeader: "x-user"}, {Principal: "spiffe://cluster.local/ns/cd/sa/build"}} {
		if caller, failure := s.Callers.Authenticate(t.Context(), &rules, &unknown); caller != nil || failure == nil {
			t.Errorf("%+v is %v", unknown, caller)
		}
	}
}

// TestControlPoliciesBindAssumedRoles checks that control policies apply to the caller who
// assumes a role too.
func TestControlPoliciesBindAssumedRoles(t *testing.T) {
	s := newSigner(t)
	for _, c := range []struct {
		name, organization string
		holds              bool
	}{
		{"of a member", "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\n", false},
		{"of others", "id: o-a1b2c3d4e5\naccounts: {\"999999999999\": o-a1b2c3d4e5/r-ab12/}\noutside: [\"123456789012\"]\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := whole(t, s)
			d[organizationPath] = c.organization
			d["organization/rcp/0/web.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity","Resource":"*"}}`
			snapshot, err := load(t, d)
			if err != nil {
				t.Fatal(err)
			}
			rules := snapshot.RegistryNamed("a").Authentication
			caller, failure := snapshot.Callers.Authenticate(t.Context(), &rules, bearer(s.token(t, claims(nil))))
			if (caller != nil) != c.holds {
				t.Errorf("caller %v, failure %v", caller, failure)
			}
		})
	}
}

// TestTokensThatDoNotCount checks which tokens of the directory's issuers are refused.
func TestTokensThatDoNotCount(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	snapshot, err := load(t, whole(t, s))
	if err != nil {
		t.Fatal(err)
	}
	rules := snapshot.RegistryNamed("a").Authentication
	for _, c := range []struct {
		name, token string
		holds       bool
	}{
		{"good", s.token(t, claims(nil)), true},
		{"for another service, which the issuer accepts", s.token(t, claims(map[string]any{"aud": "sts.amazonaws.com"})), false}, // the trust policy does not
		{"for another registry", s.token(t, claims(map[string]any{"aud": "b.example.com"})), false},
		{"of another repository", s.token(t, claims(map[string]any{"sub": "repo:evil/app"})), false},
		{"of another form", s.token(t, claims(map[string]any{"sub": "org:acme"})), false},
		{"signed with another key", other.token(t, claims(nil)), false},
		{"expired", s.token(t, claims(map[string]any{"exp": noon - 100})), false},
		{"of an unknown issuer", s.token(t, claims(map[string]any{"iss": "https://evil.example.com"})), false},
		{"of an issuer that only Envoy verifies", s.token(t, claims(map[string]any{"iss": "https://mesh.example.com"})), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, failure := snapshot.Callers.Authenticate(t.Context(), &rules, bearer(c.token))
			if (caller != nil) != c.holds || (failure == nil) != c.holds {
				t.Fatalf("caller %v, failure %v", caller, failure)
			}
			if failure != nil && strings.Contains(failure.Error(), c.token[len(c.token)-40:]) {
				t.Error("the failure holds the token")
			}
		})
	}
}

// offline returns a cache that does not fetch keys.
func offline() *oidc.KeyCache { return oidc.NewKeyCache(oidc.KeyCacheOptions{Offline: true}) }

// TestPoliciesByUse checks that a policy is compiled for each use.
func TestPoliciesByUse(t *testing.T) {
	d := whole(t, newSigner(t))
	c := compilerOf(map[string]string{"managed/pull.json": d["managed/pull.json"]})
	m := c.loadManaged(nil)
	err := c.faults.Err()
	if err != nil {
		t.Fatal(err)
	}
	s, err := load(t, d)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []iam.Kind
	for _, policy := range s.Contents().Policies {
		if policy.Source.File == "managed/pull.json" {
			kinds = append(kinds, policy.Kind)
		}
	}
	if want := []iam.Kind{iam.IdentityPolicy, iam.PermissionsBoundary, iam.SessionPolicy}; !slices.Equal(kinds, want) || len(m) != 5 {
		t.Errorf("compiled as %v, want %v; %d policies", kinds, want, len(m))
	}
}

func TestBoundariesLimit(t *testing.T) {
	d := whole(t, newSigner(t))
	d["managed/none.json"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:ListImages","Resource":"*"}]}`
	d["principals.yaml"] = strings.Replace(d["principals.yaml"], "boundary: pull", "boundary: none", 1)
	s, err := load(t, d)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := s.CallerNamed("arn:aws:iam::123456789012:user/dev/alice")
	if err != nil {
		t.Fatal(err)
	}
	if tag, _ := caller.Context.Lookup("aws:PrincipalTag/team"); tag.Value != "blue" {
		t.Errorf("context %v lacks the user's tag", caller.Context)
	}
	if got := decide(s, caller, "ecr:BatchGetImage"); got.String() != "implicitDeny" {
		t.Errorf("beyond the boundary: %v", got)
	}
}

// TestWhoIsWhoInTheFlatForm checks that the whole directory loads in the flat form of a ConfigMap.
func TestWhoIsWhoInTheFlatForm(t *testing.T) {
	d, flat := whole(t, newSigner(t)), map[string]string{}
	for path, content := range d {
		flat[strings.ReplaceAll(path, "/", "..")] = content
	}
	a, err := load(t, d)
	if err != nil {
		t.Fatal(err)
	}
	b, err := load(t, flat)
	if err != nil || a.Digest != b.Digest || a.Summary != b.Summary {
		t.Errorf("flat %v, error %v", b, err)
	}
}

// TestLoadFetchesNothing checks that a directory loads if the keys of an issuer are not
// available, and that the cache has no keys before the snapshot is accepted.
func TestLoadFetchesNothing(t *testing.T) {
	d := whole(t, newSigner(t))
	keys := offline()
	s, err := compile(treeOf(d), options(), newPersistent(keys))
	if err != nil {
		t.Fatal(err)
	}
	if status := keys.Status(); len(status) != 0 {
		t.Errorf("status before the snapshot is accepted: %+v", status)
	}
	keys.Keep(s.callers.keySets)
	status := keys.Status()
	if len(status) != 1 || status[0].URL != "https://lab.example.com/keys" || status[0].Failures != 0 || !status[0].Loaded.IsZero() {
		t.Errorf("status %+v", status)
	}
}
