package decisionlog

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/identity"
	"extauthz/identity/session"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// The conditions under which a field is present, in the words of the schema.
const (
	always         = "always"
	isDryRun       = "if the request is a dry run"
	notAllowed     = "unless `decision` is `allowed`"
	hasID          = "if Envoy sends a request ID"
	hasRegistry    = "if the request is for a registry in `registries.yaml`"
	identified     = "if the caller is identified"
	userFails      = "if the login of a user in `htpasswd` fails"
	hasCredential  = "if a credential is checked"
	ofIssuer       = "if the credential is a token of a known issuer"
	signed         = "if the key of a signature is known"
	hasAddress     = "if Envoy sends an address"
	readable       = "if the check can be read"
	mapped         = "if the request maps to actions"
	ofRegistry     = "if the request maps to actions of a registry"
	issues         = "if AWS STS issues credentials"
	ofRepository   = "if the operation has a repository"
	withReference  = "if the operation has a reference"
	writesTags     = "if the request writes tags by its query"
	mounts         = "if the request mounts a blob"
	withoutBody    = "if the request completes an upload and declares that it has no body"
	federated      = "if the caller is a federated user"
	limited        = "if session policies limit the caller"
	leavesOut      = "if the line leaves out something"
	evaluated      = "if permissions are evaluated"
	changesRequest = "if a denial only changes the request"
	hasSid         = "if the statement has a `Sid`"
)

// fieldCase is a request and the conditions that it fulfils.
type fieldCase struct {
	name      string
	checker   *authz.Checker
	request   *authz.CheckRequest
	fulfilled []string
	call      *authz.STSCall // nil for a check
}

// decide returns the decision on the request.
func (c *fieldCase) decide(t *testing.T) *authz.Result {
	if c.call == nil {
		return c.checker.Check(t.Context(), c.request)
	}
	_, result, _ := c.checker.CallSTS(t.Context(), c.call) // the result has the error
	return result
}

func fieldCases(t *testing.T) []fieldCase {
	t.Helper()
	c, none := checker(t), &authz.Checker{Snapshots: func() *policystore.Snapshot { return nil }}
	const callers = "../simulate/testdata/callers"
	snapshot, err := policystore.Load(callers, decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile("../simulate/testdata/ci.token")
	if err != nil {
		t.Fatal(err)
	}
	withTokens := &authz.Checker{Snapshots: func() *policystore.Snapshot { return snapshot }}
	bearing := func(token string) *authz.CheckRequest {
		r := request("GET", "/v2/")
		r.Host, r.Extensions = "main.example.com", authz.Extensions{Registry: "main"}
		r.Headers = append(r.Headers, basic("", "")) // replaced
		r.Headers[0].Value = "Bearer " + strings.TrimSpace(token)
		return r
	}
	elsewhere, bare := request("GET", "/v2/", basic("bob", "bob-secret")), request("GET", "/v2/")
	elsewhere.Host, bare.ID, bare.Peer = "elsewhere.example.com", "", ""
	negotiating := request("GET", "/v2/", basic("", "")) // replaced
	negotiating.Headers[0].Value = "Negotiate YII="
	known := []string{hasID, hasAddress, readable, hasRegistry}
	bob := append(slices.Clip(known), hasCredential, identified)
	decided := append(slices.Clip(bob), mapped, ofRegistry, evaluated)
	image := append(slices.Clip(decided), ofRepository, withReference)
	long, guest := request("GET", "/v2/team/app/tags/list", basic("bob", "bob-secret")), request("GET", "/v2/", basic("guest", "bob-secret"))
	long.Headers = append(long.Headers, mapping.Header{Name: "user-agent", Value: strings.Repeat("x", 513)})
	guest.Host, guest.Extensions = "main.example.com", authz.Extensions{Registry: "main"}
	finish := request("PUT", "/v2/team/app/blobs/uploads/1?digest=sha256:00", basic("alice", "alice-secret"), mapping.Header{Name: "content-length", Value: "0"})
	return append(callCases(t), []fieldCase{
		{"a manifest with tags", c, request("PUT", "/v2/team/app/manifests/v1?tag=v1.1&tag=v1.2", basic("alice", "alice-secret")), append(slices.Clip(image), writesTags), nil},
		{"the end of an upload", c, finish, append(slices.Clip(image), withoutBody), nil},
		{"a long header", c, long, append(slices.Clip(decided), ofRepository, leavesOut), nil},
		{"a federated user", withTokens, guest, append(slices.Clip(decided), federated, limited), nil},
		{"a pull", c, request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")), image, nil},
		{"a login", c, request("GET", "/v2/", basic("bob", "bob-secret")), decided, nil},
		{"a list of tags", c, request("GET", "/v2/team/app/tags/list", basic("bob", "bob-secret")), append(slices.Clip(decided), ofRepository), nil},
		{"a mount", c, request("POST", "/v2/team/app/blobs/uploads/?mount=sha256:"+strings.Repeat("0", 64)+"&from=team/base", basic("alice", "alice-secret")),
			append(slices.Clip(image), mounts), nil},
		{"a denial", c, request("PUT", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")), append(slices.Clip(image), notAllowed), nil},
		{"an explicit denial", c, request("GET", "/v2/secret/app/manifests/v1", basic("bob", "bob-secret")), append(slices.Clip(image), notAllowed), nil},
		{"a dry run", c, request("GET", "/dry-run/v2/team/app/tags/list", basic("bob", "bob-secret")), append(slices.Clip(decided), isDryRun, ofRepository), nil},
		{"no credential", c, request("GET", "/v2/"), append(slices.Clip(known), notAllowed), nil},
		{"neither ID nor address", c, bare, []string{readable, hasRegistry, notAllowed}, nil},
		{"a wrong password", c, request("GET", "/v2/", basic("bob", "wrong")), append(slices.Clip(known), notAllowed, hasCredential, userFails), nil},
		{"an unknown user", c, request("GET", "/v2/", basic("eve", "wrong")), append(slices.Clip(known), notAllowed, hasCredential), nil},
		{"a scheme that no source has", c, negotiating, append(slices.Clip(known), notAllowed, hasCredential), nil},
		{"a path that is refused", c, request("GET", "/v2/team/../app/manifests/v1", basic("bob", "bob-secret")), append(slices.Clip(bob), notAllowed), nil},
		{"another host", c, elsewhere, []string{hasID, hasAddress, readable, notAllowed}, nil},
		{"a check that cannot be read", c, &authz.CheckRequest{Unreadable: "the check is larger than 4 MiB", Time: bare.Time}, []string{notAllowed}, nil},
		{"no policies", none, request("GET", "/v2/", basic("bob", "bob-secret")), []string{hasID, hasAddress, readable, notAllowed}, nil},
		{"a token", withTokens, bearing(string(token)), append(slices.Clip(decided), ofIssuer, signed, limited), nil},
		{"a token with another signature", withTokens, bearing(otherSignature(string(token))), append(slices.Clip(known), notAllowed, hasCredential, ofIssuer), nil},
	}...)
}

// callCases returns calls of AWS STS.
func callCases(t *testing.T) []fieldCase {
	t.Helper()
	dir, keyDir, logger := t.TempDir(), t.TempDir(), slog.New(slog.DiscardHandler)
	directorytest.Write(t, dir, map[string]string{
		"registries.yaml": "sessions: { issuer: https://main.example.com }\nregistries:\n- { name: main, hosts: [main.example.com], account: '123456789012', region: eu-central-1 }\n",
		"principals.yaml": "credentials:\n- { accessKey: AKIAIOSFODNN7EXAMPLE, principal: 'arn:aws:iam::123456789012:user/alice' }\nprincipals:\n- arn: arn:aws:iam::123456789012:user/alice\n",
		"access-keys":     "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
	})
	if err := os.Chmod(filepath.Join(dir, "access-keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Create(keyDir, request("POST", "/").Time); err != nil {
		t.Fatal(err)
	}
	keys, err := session.Open(keyDir, logger)
	if err != nil {
		t.Fatal(err)
	}
	store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 16}, Sessions: keys, Logger: logger})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	c := &authz.Checker{Snapshots: store.Snapshot}
	call := func(key string) *authz.STSCall {
		r := request("POST", "/")
		r.Host = "main.example.com"
		signature := &identity.Signature{AccessKeyID: key, Check: func(string) error { return nil }}
		return &authz.STSCall{
			Call:        authz.Call{CheckRequest: r, Signature: signature, Operation: "sts:GetSessionToken"},
			Credentials: &identity.CredentialsRequest{Operation: session.GetSessionToken},
		}
	}
	unknown := []string{hasID, hasAddress, readable, notAllowed, hasCredential, mapped}
	issued := []string{hasID, hasAddress, readable, hasCredential, mapped, hasRegistry, ofRegistry, identified, signed, issues}
	return []fieldCase{
		{"temporary credentials", c, nil, issued, call("AKIAIOSFODNN7EXAMPLE")},
		{"an unknown access key", c, nil, unknown, call("AKIAI44QH8DHBEXAMPLE")},
	}
}

// otherSignature returns a token with the last bytes of its signature replaced.
func otherSignature(token string) string {
	token = strings.TrimSpace(token)
	return token[:len(token)-8] + "AAAAAAAA"
}

// listed contains the fields whose values the schema describes.
var listed = []string{"level", "msg", "decision", "source", "effect"}

// TestSchemaFields compares the schema with lines of the log: the fields, their order and types,
// and when each is present.
func TestSchemaFields(t *testing.T) {
	tables := schemaFields(t)
	var seen [3]map[string]int // how often each condition was true and false
	for i := range seen {
		seen[i] = map[string]int{}
	}
	for _, c := range fieldCases(t) {
		t.Run(c.name, func(t *testing.T) {
			line := loggedResult(t, c.decide(t))
			fulfilled := append(slices.Clip(c.fulfilled), always)
			checkFields(t, tables[0], line, fulfilled, seen[0])
			var of struct{ Actions []json.RawMessage }
			if err := json.Unmarshal(line, &of); err != nil {
				t.Fatal(err)
			}
			for _, a := range of.Actions {
				var of struct {
					Optional   bool
					Statements []json.RawMessage
				}
				if err := json.Unmarshal(a, &of); err != nil {
					t.Fatal(err)
				}
				checkFields(t, tables[1], a, conditions(of.Optional, changesRequest), seen[1])
				for _, s := range of.Statements {
					var of struct{ Sid string }
					if err := json.Unmarshal(s, &of); err != nil {
						t.Fatal(err)
					}
					checkFields(t, tables[2], s, conditions(of.Sid != "", hasSid), seen[2])
				}
			}
		})
	}
	for i, table := range tables[:3] {
		for _, f := range table {
			if f.present != always && (seen[i][f.name] == 0 || seen[i]["no "+f.name] == 0) {
				t.Errorf("%s is present %d times and absent %d times, want each at least once", f.name, seen[i][f.name], seen[i]["no "+f.name])
			}
		}
	}
}

// conditions returns the conditions that an element fulfils.
func conditions(fulfilled bool, condition string) []string {
	if fulfilled {
		return []string{always, condition}
	}
	return []string{always}
}

// checkFields compares the fields of an object with those of the schema.
func checkFields(t *testing.T, table []field, object []byte, fulfilled []string, seen map[string]int) {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal(object, &values); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range table {
		if !slices.Contains(fulfilled, f.present) {
			seen["no "+f.name]++
			continue
		}
		seen[f.name]++
		want = append(want, f.name)
		if kind := kindOf(values[f.name]); values[f.name] != nil && kind != strings.Replace(f.kind, "integer", "number", 1) {
			t.Errorf("%s is a %s, and the schema says %s", f.name, kind, f.kind)
		}
		if value, ok := values[f.name].(string); ok && slices.Contains(listed, f.name) && !strings.Contains(f.meaning, "`"+value+"`") {
			t.Errorf("%s is %q, which its description does not list", f.name, value)
		}
	}
	if got := objectKeys(object); !slices.Equal(got, want) {
		t.Errorf("%s\nhas the fields %q\nand by the schema %q", object, got, want)
	}
}

// kindOf returns the name of a JSON type.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", value)
}

// objectKeys returns the keys of an object in its order.
func objectKeys(object []byte) (all []string) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return all
		}
		if token.Kind() == '"' {
			all = append(all, token.String())
			if err := d.SkipValue(); err != nil {
				return all
			}
		}
	}
}

// readme returns README.md of this package.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeLines compares the lines in README.md with the log. It ignores the digest, which depends
// on the quickstart's policies.
func TestReadmeLines(t *testing.T) {
	digest := regexp.MustCompile(`"digest":"sha256:[0-9a-f]{64}"`)
	lines := regexp.MustCompile("(?m)^```json\n(.*)\n```$").FindAllStringSubmatch(readme(t), -1)
	requests := []*authz.CheckRequest{
		request("PUT", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")),
		request("GET", "/v2/", basic("bob", "wrong")),
	}
	if len(lines) != len(requests) {
		t.Fatalf("README.md has %d lines, want %d", len(lines), len(requests))
	}
	for i, r := range requests {
		line := string(logged(t, checker(t), r))
		if got, want := digest.ReplaceAllString(line, ""), digest.ReplaceAllString(lines[i][1], ""); got != want || !digest.MatchString(lines[i][1]) {
			t.Errorf("README.md has\n%s\nand the log\n%s", lines[i][1], line)
		}
	}
}
