package policytest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/simulate"
	"extauthz/strictyaml"
)

// fileEntry is a file of tests.
type fileEntry struct {
	Tests []testEntry `yaml:"tests"`
}

type testEntry struct {
	Name       string           `yaml:"name"`
	Principal  string           `yaml:"principal"`
	Anonymous  bool             `yaml:"anonymous"`
	Credential *credentialEntry `yaml:"credential"`

	Tags          map[string]string `yaml:"tags"`
	SourceARN     string            `yaml:"sourceArn"`
	SourceAccount string            `yaml:"sourceAccount"`

	Registry string            `yaml:"registry"`
	Request  string            `yaml:"request"`
	Action   string            `yaml:"action"`
	Resource string            `yaml:"resource"`
	Headers  map[string]string `yaml:"headers"`
	SourceIP string            `yaml:"sourceIp"`
	Time     string            `yaml:"time"`
	TLS      bool              `yaml:"tls"`

	Expect string `yaml:"expect"`
	Denied string `yaml:"denied"`
	Sid    string `yaml:"sid"`
}

// Parse reads the tests in the text of a file; name is what errors call it.
func Parse(name string, text []byte) ([]*Test, error) {
	var file fileEntry
	y, err := strictyaml.Decode(name, text, &file)
	if err != nil {
		return nil, err
	}
	if len(file.Tests) == 0 {
		return nil, y.ErrorAt(errors.New("no test; write at least one, or remove the file"), "tests")
	}
	seen := map[string]bool{}
	tests := make([]*Test, len(file.Tests))
	for i := range file.Tests {
		entry := &file.Tests[i]
		t := &Test{File: name, Name: entry.Name}
		t.Line = y.At("tests", i).Line
		place, err := entry.read(t)
		if err == nil && seen[t.Name] {
			place, err = []any{"name"}, fmt.Errorf("test %q is there twice; give each a name of its own", t.Name)
		}
		if err != nil {
			return nil, y.ErrorAt(err, slices.Concat([]any{"tests", i}, place)...)
		}
		seen[t.Name], tests[i] = true, t
	}
	return tests, nil
}

// read fills in the test, or returns what is wrong with the entry and where in
// it.
func (e *testEntry) read(t *Test) (place []any, err error) {
	if e.Name == "" || strings.ContainsFunc(e.Name, unicode.IsControl) {
		return []any{"name"}, errors.New("name: say in one line what the test is about")
	}
	t.Registry = e.Registry
	for _, step := range []func(*Test) ([]any, error){e.readWho, e.readWhat, e.readHeaders, e.readCircumstances, e.readExpectation} {
		if place, err := step(t); err != nil {
			return place, err
		}
	}
	return nil, nil
}

// readWho reads who asks.
func (e *testEntry) readWho(t *Test) (place []any, err error) {
	ways := 0
	for _, given := range []bool{e.Principal != "", e.Anonymous, e.Credential != nil} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("say who asks by one of principal, credential and anonymous: true")
	}
	t.Principal, t.Anonymous = e.Principal, e.Anonymous
	for _, key := range slices.Sorted(maps.Keys(e.Tags)) {
		t.Tags = append(t.Tags, sts.Tag{Key: key, Value: e.Tags[key]})
	}
	if len(t.Tags) > 0 && e.Principal == "" {
		return []any{"tags"}, errors.New("tags: only a principal is given session tags here; a credential brings its own")
	}
	if place, err := e.readSource(t); err != nil {
		return place, err
	}
	if e.Credential != nil {
		t.Credential, place, err = e.Credential.read()
		return append([]any{"credential"}, place...), err
	}
	return nil, nil
}

// readSource reads the resource for which a service calls.
func (e *testEntry) readSource(t *Test) (place []any, err error) {
	t.Source = sts.SourceResource{ARN: e.SourceARN, Account: e.SourceAccount}
	if t.Source == (sts.SourceResource{}) {
		return nil, nil
	}
	key := "sourceArn"
	if e.SourceARN == "" {
		key = "sourceAccount"
	}
	if e.Principal == "" {
		return []any{key}, fmt.Errorf("%s: only a principal that is a service calls for a resource here; a credential brings its own", key)
	}
	if err := (sts.SourceResource{ARN: e.SourceARN}).Check(); err != nil {
		return []any{"sourceArn"}, err
	}
	return []any{"sourceAccount"}, t.Source.Check()
}

// readWhat reads what is asked.
func (e *testEntry) readWhat(t *Test) (place []any, err error) {
	switch {
	case (e.Request == "") == (e.Action == ""):
		return nil, errors.New("say what is asked by either request or action")
	case e.Action == "" && e.Resource != "":
		return []any{"resource"}, errors.New("resource: only an action has one; a request says itself what it is about")
	case e.Action != "":
		return e.readAction(t)
	}
	method, path, found := strings.Cut(e.Request, " ")
	if !found || method == "" || !strings.HasPrefix(path, "/") {
		return []any{"request"}, fmt.Errorf("request %q: write METHOD /PATH, such as GET /v2/team/app/manifests/v1", e.Request)
	}
	t.Method, t.Path = method, path
	return nil, nil
}

// readAction reads an action and what it is asked for.
func (e *testEntry) readAction(t *Test) (place []any, err error) {
	t.Action, t.Resource = e.Action, cmp.Or(e.Resource, "*")
	switch err := checkAction(t.Action); {
	case err != nil:
		return []any{"action"}, err
	case iam.IsResourceless(t.Action) != (t.Resource == "*"):
		return []any{"resource"}, fmt.Errorf("resource %q: %s; write the ARN of a repository where the action is about one, and * where it is about none", t.Resource, t.Action)
	}
	return nil, nil
}

// checkAction wants an action of ECR: of no other is a registry's caller asked,
// and one that is misspelt is never allowed.
func checkAction(action string) error {
	for known := range iam.ECRActions() {
		if strings.EqualFold(known, action) {
			return nil
		}
	}
	return fmt.Errorf("%q is no action of ECR; write one such as ecr:BatchGetImage", action)
}

// readHeaders reads the headers in order, none of which may be a credential.
func (e *testEntry) readHeaders(t *Test) (place []any, err error) {
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		header, ok := simulate.ParseHeader(name + ":" + e.Headers[name])
		switch {
		case !ok || strings.Contains(name, ":"):
			return []any{"headers"}, fmt.Errorf("headers: %q is no name of a header", name)
		case header.Name == "authorization":
			return []any{"headers", name}, errors.New("headers: a credential has no place here; say who asks by credential")
		}
		t.Headers = append(t.Headers, header)
	}
	return nil, nil
}

// readCircumstances reads where a request comes from, and when.
func (e *testEntry) readCircumstances(t *Test) (place []any, err error) {
	if e.SourceIP != "" && !iam.IsAddress(e.SourceIP) {
		return []any{"sourceIp"}, fmt.Errorf("sourceIp %q: write one address, such as 192.0.2.7", e.SourceIP)
	}
	t.Peer, t.TLS = e.SourceIP, e.TLS
	if e.Time != "" {
		if t.Time, err = time.Parse(time.RFC3339, e.Time); err != nil {
			return []any{"time"}, fmt.Errorf("time %q: write it as in 2026-11-25T12:00:00Z", e.Time)
		}
	}
	return nil, nil
}

// readExpectation reads what is to become of it.
func (e *testEntry) readExpectation(t *Test) (place []any, err error) {
	t.Expect, err = parseExpect(e.Expect)
	if err != nil {
		return []any{"expect"}, err
	}
	decided := t.Expect == authz.Allowed || t.Expect == authz.ExplicitDeny
	switch {
	case e.Sid != "" && !decided:
		return []any{"sid"}, fmt.Errorf("sid: no statement decides where expect is %s", t.Expect)
	case e.Denied != "" && (t.Expect == authz.Allowed || t.Expect == authz.Refused):
		return []any{"denied"}, fmt.Errorf("denied: no action is denied where expect is %s", t.Expect)
	case e.Denied != "" && e.Action != "":
		return []any{"denied"}, errors.New("denied: only a request asks for several actions; remove it")
	case e.Denied != "":
		if err := checkAction(e.Denied); err != nil {
			return []any{"denied"}, err
		}
	}
	t.Denied, t.Sid = e.Denied, e.Sid
	return nil, nil
}

// parseExpect reads the word for an outcome.
func parseExpect(word string) (authz.Outcome, error) {
	for _, o := range []authz.Outcome{authz.Allowed, authz.ImplicitDeny, authz.ExplicitDeny, authz.Unauthenticated, authz.Refused} {
		if word == o.String() {
			return o, nil
		}
	}
	return authz.Refused, fmt.Errorf("expect %q: write allowed, implicitDeny, explicitDeny, unauthenticated or refused", word)
}
