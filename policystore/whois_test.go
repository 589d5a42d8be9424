package policystore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"extauthz/identity"
	"extauthz/oidc"
)

// signer is an issuer's key.
type signer struct{ key *ecdsa.PrivateKey }

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

// jwks is the issuer's key set (RFC 7517), with the one key "k1".
func (s signer) jwks(t *testing.T) string {
	t.Helper()
	point, err := s.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		t.Fatal(err)
	}
	return `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k1","x":"` + encode(point[1:33]) + `","y":"` + encode(point[33:]) + `"}]}`
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is a token of the issuer with those claims (RFC 7519).
func (s signer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := encode([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	r, sum, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + encode(append(r.FillBytes(make([]byte, 32)), sum.FillBytes(make([]byte, 32))...))
}

// authority is a certificate in PEM.
func authority(t *testing.T) string {
	t.Helper()
	key := newSigner(t).key
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

const (
	noon  = 1_800_000_000 // when the requests of these tests come in
	trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
  "Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
  "Condition":{"StringEquals":{"ci.example.com:aud":"localhost"},"StringLike":{"ci.example.com:sub":"repo:acme/*"}}}]}`
)

// whole is a policy directory that uses everything principals.yaml has.
func whole(t *testing.T, s signer) map[string]string {
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

// claims are those of a token that holds at noon, changed as said.
func claims(changes map[string]any) map[string]any {
	all := map[string]any{"iss": "https://ci.example.com", "aud": "localhost", "sub": "repo:acme/app", "ref": "main", "iat": noon - 10, "exp": noon + 600}
	for name, value := range changes {
		all[name] = value
	}
	return all
}

func bearer(token string) *identity.Evidence {
	return &identity.Evidence{Authorization: []string{"Bearer " + token}, Time: time.Unix(noon, 0)}
}

// A directory with everything in it knows every kind of caller, with tags,
// session policies and boundaries.
func TestWhoIsWho(t *testing.T) {
	s := newSigner(t)
	snapshot, err := load(t, whole(t, s))
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{Registries: 1, Credentials: 7, Principals: 2, Issuers: 3, ManagedPolicies: 5, RepositoryPolicies: 1}
	if snapshot.Summary != want {
		t.Errorf("summary %+v, want %+v", snapshot.Summary, want)
	}
	rules := snapshot.RegistryNamed("a").Proof
	headers := rules
	headers.Sources, headers.Header = []identity.Source{identity.TrustedHeader}, "x-user"
	for _, c := range []struct {
		name      string
		rules     *identity.Rules
		evidence  *identity.Evidence
		principal string
		session   int // session policies
		keys      map[string]string
	}{
		{"a token that assumes the issuer's role", &rules, bearer(s.token(t, claims(nil))), "arn:aws:sts::123456789012:assumed-role/ci/app", 1,
			map[string]string{"aws:PrincipalArn": "arn:aws:iam::123456789012:role/team/ci", "aws:PrincipalTag/team": "red", "aws:PrincipalTag/branch": "main"}},
		{"a header that is a federated user", &headers, &identity.Evidence{Header: []string{"visitor"}, Time: time.Unix(noon, 0)},
			"arn:aws:sts::123456789012:federated-user/visitor", 1, map[string]string{"aws:userid": "123456789012:visitor"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, failure := snapshot.Callers.Identify(t.Context(), c.rules, c.evidence)
			if failure != nil {
				t.Fatal(failure)
			}
			if caller.Principal.ARN != c.principal || len(caller.Session) != c.session {
				t.Errorf("%s with %d session policies, want %s with %d", caller.Principal.ARN, len(caller.Session), c.principal, c.session)
			}
			for key, want := range c.keys {
				if got, _ := caller.Context.Lookup(key); got.Value != want {
					t.Errorf("%s = %q, want %q", key, got.Value, want)
				}
			}
		})
	}
}

// Tokens of the directory's issuers that must not count.
func TestTokensThatDoNotCount(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	snapshot, err := load(t, whole(t, s))
	if err != nil {
		t.Fatal(err)
	}
	rules := snapshot.RegistryNamed("a").Proof
	for _, c := range []struct {
		name, token string
		holds       bool
	}{
		{"good", s.token(t, claims(nil)), true},
		{"made for another service, which the operator takes", s.token(t, claims(map[string]any{"aud": "sts.amazonaws.com"})), false}, // the trust policy does not
		{"made for another registry", s.token(t, claims(map[string]any{"aud": "b.example.com"})), false},
		{"of another repository", s.token(t, claims(map[string]any{"sub": "repo:evil/app"})), false},
		{"of another form", s.token(t, claims(map[string]any{"sub": "org:acme"})), false},
		{"signed by another", other.token(t, claims(nil)), false},
		{"expired", s.token(t, claims(map[string]any{"exp": noon - 100})), false},
		{"of an issuer that is not named", s.token(t, claims(map[string]any{"iss": "https://evil.example.com"})), false},
		{"of an issuer that Envoy alone verifies", s.token(t, claims(map[string]any{"iss": "https://mesh.example.com"})), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, failure := snapshot.Callers.Identify(t.Context(), &rules, bearer(c.token))
			if (caller != nil) != c.holds || (failure == nil) != c.holds {
				t.Fatalf("caller %v, failure %v", caller, failure)
			}
			if failure != nil && strings.Contains(failure.Error(), c.token[len(c.token)-40:]) {
				t.Error("the failure holds the token")
			}
		})
	}
}

// Each case changes the whole directory in one place. Every error names it and
// says what to do.
func TestWhoIsWhoRefuses(t *testing.T) {
	good := whole(t, newSigner(t))
	edit := func(path, old, new string) map[string]string {
		if !strings.Contains(good[path], old) {
			t.Fatalf("%s holds no %q", path, old)
		}
		return map[string]string{path: strings.Replace(good[path], old, new, 1)}
	}
	in := func(old, new string) map[string]string { return edit("principals.yaml", old, new) }
	for _, c := range []struct {
		name   string
		change map[string]string
		want   string
	}{
		// Mappings.
		{"capture that is not closed", in("sa/{name}", "sa/{name"), "principals.yaml:21:3: …has a { that begins no {name}"},
		{"captures side by side", in("ns/{namespace}/sa/{name}", "ns/{namespace}{name}"), "principals.yaml:21:3: …does not tell where {namespace} ends and {name} begins"},
		{"capture twice", in("sa/{name}\"", "sa/{namespace}\""), "principals.yaml:21:3: …captures {namespace} twice"},
		{"template with a capture that there is not", in("assumed-role/{namespace}/pod", "assumed-role/{ns}/pod"), "principals.yaml:21:3: …uses {ns}, which nothing captures; use one of {namespace}, {name}"},
		{"two captures in one segment", in("assumed-role/{namespace}/pod", "assumed-role/ci/{namespace}-{name}"), "principals.yaml:21:3: …has two captures in one segment"},
		{"tag with a capture that there is not", in(`serviceaccount: "{name}"`, `serviceaccount: "{account}"`), "principals.yaml:21:3: …uses {account}, which nothing captures"},
		{"overlap", in("- dns: build", "- uri: \"spiffe://cluster.local/ns/prod/sa/{x}\"\n  principal: arn:aws:iam::123456789012:user/dev/alice\n- dns: build"), "principals.yaml:26:3: …overlap: a name can match both"},
		{"name bound twice", in("- subject: CN=root", "- dns: build.example.com"), `principals.yaml:28:3: dns "build.example.com" is bound twice`},
		{"role that does not exist", in("assumed-role/ci/{project}", "assumed-role/cd/{project}"), `principals.yaml:36:3: role "cd" of account 123456789012 is not among the principals`},
		{"user that does not exist", in("user/dev/alice\n- uri", "user/alice\n- uri"), `user "arn:aws:iam::123456789012:user/alice" is not among the principals`},
		{"federated by nobody", in("  federatedBy: arn:aws:iam::123456789012:user/dev/alice\n", ""), "principals.yaml:32:3: …say in federatedBy which user federates it"},
		{"federated by a user who is not there", in("federatedBy: arn:aws:iam::123456789012:user/dev/alice", "federatedBy: arn:aws:iam::123456789012:user/bob"), "principals.yaml:32:3: …is not among the principals; add it there"},
		{"two names", in("- dns: build", "- header: x\n  dns: build"), "principals.yaml:26:3: credential has both dns and header; keep one"},
		{"a name and a token", in("- token: lab", "- token: lab\n  basic: alice"), "principals.yaml:36:3: credential has both basic and token"},
		{"claims without a token", in("- dns: build.example.com", "- dns: build.example.com\n  claims: {sub: a}"), "principals.yaml:26:3: …only a token has issuer and claims"},
		{"token without claims", in("  claims: {sub: \"project_path:acme/{project}:ref_type:branch:ref:main\"}\n", ""), "principals.yaml:36:3: …is known by its claims; name at least one"},
		{"token of no issuer", in("- token: lab", "- token: hub"), "principals.yaml:36:3: …issuer \"hub\" is not among the issuers"},
		{"token of an issuer with a role", in("- token: lab", "- token: ci"), "principals.yaml:36:3: …has a role, which all its tokens assume"},
		{"reserved tag", in("serviceaccount:", "aws:x:"), "principals.yaml:21:3: …begins with aws:, which is reserved"},
		{"session policy that is not there", in("sourceIdentity: \"{name}\"\n  sessionPolicies: [pull]", "sourceIdentity: \"{name}\"\n  sessionPolicies: [pull, none]"), `principals.yaml:25:27: policy "none" is not known; add managed/none.json`},
		{"session policy of another account", in("[arn:aws:iam::123456789012:policy/pull]", "[arn:aws:iam::999999999999:policy/pull]"), "principals.yaml:35:21: policy"},
		{"session tags of a user", in("- basic: alice\n", "- basic: alice\n  tags: {a: b}\n"), "principals.yaml:19:3: …has no session that tags could be passed to"},
		{"unknown key of a credential", in("sourceIdentity:", "sourceidentity:"), "principals.yaml:24: key sourceidentity is not known here"},
		// Issuers.
		{"issuer without name", in("name: ci\n", "metadata: x\n"), "principals.yaml:2:3: an issuer needs a name"},
		{"issuer twice", in("name: lab", "name: ci"), `principals.yaml:11:3: issuer "ci" is there twice`},
		{"issuer's URL twice", in("issuer: https://lab.", "issuer: https://ci."), "principals.yaml:11:3: issuers \"ci\" and \"lab\" have one URL"},
		{"issuer without URL", in("issuer: https://lab.example.com\n", "provider: lab\n"), "principals.yaml:11:3: issuer: write the iss of its tokens"},
		{"http issuer", in("issuer: https://lab", "issuer: http://lab"), `principals.yaml:12:11: issuer "http://lab.example.com" is not https`},
		{"issuer with a password", in("issuer: https://lab", "issuer: https://u:s3cret@lab"), "principals.yaml:12:11: issuer: write the iss"},
		{"http keys", in("jwks: https://", "jwks: http://"), `principals.yaml:13:9: jwks: "http://lab.example.com/keys" is not https`},
		{"keys at a URL with a password", in("jwks: https://", "jwks: https://u:s3cret@"), "principals.yaml:13:9: jwks: write the https URL of a key set, without user and password"},
		{"keys from a file URL", in("jwks: https://lab.example.com/keys", "jwks: file:///etc/keys"), "principals.yaml:13:9: jwks: "},
		{"key file that is not there", in("jwks: jwks/ci.json", "jwks: jwks/cd.json"), `principals.yaml:4:9: jwks "jwks/cd.json" is not there; add the file`},
		{"key file elsewhere", in("jwks: jwks/ci.json", "jwks: /etc/passwd"), `principals.yaml:4:9: jwks "/etc/passwd" is not there`},
		{"key file that is another file", in("jwks: jwks/ci.json", "jwks: trust/ci.json"), `principals.yaml:4:9: jwks "trust/ci.json" is not there`},
		{"garbage for keys", map[string]string{"jwks/ci.json": "hello"}, "jwks/ci.json:1:1: "},
		{"empty key file", map[string]string{"jwks/ci.json": "\n"}, "jwks/ci.json:"},
		{"no keys", map[string]string{"jwks/ci.json": `{"keys":[]}`}, "jwks/ci.json:1:"},
		{"shared secret for a key", map[string]string{"jwks/ci.json": `{"keys":[{"kty":"oct","kid":"a","k":"s3cret"}]}`}, "jwks/ci.json:1:"},
		{"garbage that no issuer names", map[string]string{"jwks/other.json": "{"}, "jwks/other.json:1:"},
		{"authority that is not there", in("ca: ca/lab.pem", "ca: ca/x.pem"), `principals.yaml:14:7: ca "ca/x.pem" is not there`},
		{"authority for a key file", in("jwks: jwks/ci.json\n", "jwks: jwks/ci.json\n  ca: ca/lab.pem\n"), "principals.yaml:5:7: ca: only keys that are fetched from a URL need it"},
		{"garbage for an authority", map[string]string{"ca/lab.pem": "hello"}, "ca/lab.pem:1: holds no certificate"},
		{"broken authority", map[string]string{"ca/lab.pem": "\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "ca/lab.pem:1: the certificate cannot be parsed"},
		{"half an authority", map[string]string{"ca/lab.pem": good["ca/lab.pem"] + "-----BEGIN CERTIFICATE-----\nAAAA\n"}, "ca/lab.pem:1: holds no certificate, or a broken one"},
		{"private key beside it", map[string]string{"ca/lab.pem": good["ca/lab.pem"] + "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n"}, "holds a PRIVATE KEY; keep certificates alone"},
		{"issuer that nothing verifies", in("  metadata: mesh\n", ""), `principals.yaml:15:3: issuer "mesh": nothing verifies its tokens`},
		{"role and credentials", in("- token: lab\n  claims: {sub: \"project_path:acme/{project}:", "- token: ci\n  claims: {sub: \"project_path:acme/{project}:"), "principals.yaml:36:3: …has a role, which all its tokens assume"},
		{"issuer's role that is not there", in("role: arn:aws:iam::123456789012:role/team/ci\n  claims", "role: arn:aws:iam::123456789012:role/ci\n  claims"), `principals.yaml:2:3: issuer "ci": role "arn:aws:iam::123456789012:role/ci" is not among the principals`},
		{"issuer's role that trusts nobody", in("  trust: ci\n", ""), `principals.yaml:2:3: issuer "ci": role "arn:aws:iam::123456789012:role/team/ci" has no trust policy`},
		{"issuer's session with a capture that there is not", in(`session: "{repo}"`, `session: "{x}"`), `principals.yaml:2:3: issuer "ci": `},
		{"issuer's session policy that is not there", in("sts.amazonaws.com]\n  sessionPolicies: [pull]", "sts.amazonaws.com]\n  sessionPolicies: [none]"), `principals.yaml:10:21: policy "none" is not known`},
		{"unknown key of an issuer", in("jwks: jwks", "keys: jwks"), "principals.yaml:4: key keys is not known here"},
		// Users and roles.
		{"boundary that is not there", in("boundary: pull", "boundary: push"), `principals.yaml:43:13: policy "push" is not known`},
		{"trust policy that is not there", in("trust: ci", "trust: cd"), `principals.yaml:48:10: trust policy "cd" is not known; add trust/cd.json`},
		{"trust policy of a user", in("boundary: pull\n", "trust: ci\n"), `principals.yaml:41:8: principal "arn:aws:iam::123456789012:user/dev/alice": only a role has a trust policy`},
		{"broken trust policy", map[string]string{"trust/ci.json": trust[:60]}, "trust/ci.json:"},
		{"identity policy as trust policy", map[string]string{"trust/ci.json": pullOnly}, "trust/ci.json:1:"},
		{"broken trust policy that no role has", map[string]string{"trust/other.json": "{}"}, "trust/other.json:1:"},
		{"too long a tag", in("team: blue", "team: "+strings.Repeat("x", 257)), "principals.yaml:44:9: …has 257 characters, and AWS allows 256"},
		{"tags that differ in case", in("{team: blue}", "{team: blue, Team: red}"), "principals.yaml:44:9: …are the same, since AWS ignores their case"},
		{"role name that is too long", in("role/team/ci\n  policies", "role/team/"+strings.Repeat("x", 65)+"\n  policies"), "principals.yaml:45:8: …has 65 characters, and IAM allows 64"},
		{"unknown key of a principal", in("boundary: pull", "limit: pull"), "principals.yaml:43: key limit is not known here"},
		// A policy that asks for ids, in a trust policy too.
		{"a trust policy that asks for ids", map[string]string{"trust/ci.json": strings.Replace(trust, `"StringLike"`, `"StringNotLike":{"aws:userid":"AIDA*"},"StringLike"`, 1)}, "trust/ci.json: asks for aws:userid"},
		// Stray files.
		{"key file with another ending", map[string]string{"jwks/ci.jwks": "{}"}, "jwks/ci.jwks: not a file of a policy directory"},
		{"authority with another ending", map[string]string{"ca/lab.crt": "x"}, "ca/lab.crt: not a file of a policy directory"},
		{"trust policy in a folder", map[string]string{"trust/a/b.json": trust}, "trust/a/b.json: not a file of a policy directory"},
		{"organization that is broken", map[string]string{"organization.yaml": "id: x\n"}, `organization.yaml:1:5: id "x"`},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, good, c.change, c.want) })
	}
}

// refuses wants one line of error that holds every part of want, which … parts,
// and no secret.
func refuses(t *testing.T, good, change map[string]string, want string) {
	t.Helper()
	contents := map[string]string{}
	for path, content := range good {
		contents[path] = content
	}
	for path, content := range change {
		contents[path] = content
	}
	s, err := load(t, contents)
	for part := range strings.SplitSeq(want, "…") {
		if err == nil || s != nil || !strings.Contains(err.Error(), part) {
			t.Fatalf("snapshot %v, error %v; want %q", s, err, want)
		}
	}
	for _, secret := range []string{"\n", "$2a$", "s3cret", "czNjcmV0"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds %q: %q", secret, err)
		}
	}
}

// Tokens made for another service are a finding, with its place.
func TestForeignAudiencesAreAFinding(t *testing.T) {
	s, err := load(t, whole(t, newSigner(t)))
	if err != nil {
		t.Fatal(err)
	}
	want := `principals.yaml:9:22: issuer "ci": tokens made for "sts.amazonaws.com" are taken, though they are another service's; who sees one here could use it there`
	found := 0
	for _, f := range s.Findings {
		if f.String() == want {
			found++
		}
	}
	if found != 1 {
		t.Errorf("findings %v, want once %s", s.Findings, want)
	}
}

// offline is a cache that fetches nothing.
func offline() *oidc.KeyCache { return oidc.NewKeyCache(oidc.KeyCacheOptions{Offline: true}) }

// A policy that is used in two ways is compiled for each, and what is found in it
// is told once.
func TestPoliciesByUse(t *testing.T) {
	d := whole(t, newSigner(t))
	d["managed/pull.json"] = strings.Replace(pullOnly, "ecr:BatchGetImage", "ecr:BatchGetImages", 1)
	m, err := loadManaged(tree{"managed/pull.json": []byte(d["managed/pull.json"])})
	if err != nil {
		t.Fatal(err)
	}
	s, err := load(t, d)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range s.Findings {
		if strings.Contains(f.Message, "BatchGetImages") {
			found++
		}
	}
	if found != 1 || len(m) != 5 {
		t.Errorf("%d findings, %d policies: %v", found, len(m), s.Findings)
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

// A directory with everything in it loads in the flat form of a ConfigMap too.
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

// Loading needs no network: an issuer whose keys cannot be had makes no error.
func TestLoadFetchesNothing(t *testing.T) {
	d := whole(t, newSigner(t))
	keys := offline()
	content := tree{}
	for path, text := range d {
		content[path] = []byte(text)
	}
	if _, err := compile(content, options(), &lasting{identity.NewPasswords(), keys}); err != nil {
		t.Fatal(err)
	}
	status := keys.Status()
	if len(status) != 1 || status[0].URL != "https://lab.example.com/keys" || status[0].Failures != 0 || !status[0].Loaded.IsZero() {
		t.Errorf("status %+v", status)
	}
}
