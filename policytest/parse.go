package policytest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"extauthz/authz"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/simulate"
	"extauthz/strictyaml"
)

// fileEntry is a file of tests.
type fileEntry struct {
	Tests []testEntry `yaml:"tests"`
}

// testEntry is a test in the file.
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

// Parse reads the tests in the text of a file. Errors name the file name. They report all
// faults of the file.
func Parse(name string, text []byte) ([]*Test, error) {
	var file fileEntry
	var faults diag.Faults
	y, err := strictyaml.Decode(name, text, &file)
	faults.Add(err)
	if y == nil {
		return nil, faults.Err()
	}
	if len(file.Tests) == 0 && y.IsKnown("tests") {
		faults.Add(diag.New(y.At("tests"), "the file contains no test", "add one, or remove the file"))
	}
	names := map[string]bool{}
	tests := make([]*Test, len(file.Tests))
	for i := range file.Tests {
		r := &entryReader{testEntry: &file.Tests[i], file: y, index: i, faults: &faults, test: &Test{File: name, Line: int(y.At("tests", i).Line)}}
		r.read(names)
		tests[i] = r.test
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return tests, nil
}

// An entryReader reads a test from an entry, and collects its faults.
type entryReader struct {
	*testEntry
	file   *strictyaml.File
	index  int
	faults *diag.Faults
	test   *Test
}

// fault reports a fault in the value of a key, or in the whole entry if key is "". A value
// that cannot be decoded, or whose key is misspelled, was already reported.
func (r *entryReader) fault(key, problem, remedy string) {
	r.add(key, diag.New(diag.Position{}, problem, remedy))
}

// add is fault for an error.
func (r *entryReader) add(key string, err error) {
	path := []any{"tests", r.index}
	if key != "" {
		path = append(path, key)
	}
	if err != nil && (key == "" || r.knows(key)) {
		r.faults.Add(r.file.ErrorAt(err, path...))
	}
}

// knows reports whether the values of all of these keys are known, see
// [strictyaml.File.IsKnown].
func (r *entryReader) knows(keys ...string) bool {
	for _, key := range keys {
		if !r.file.IsKnown("tests", r.index, key) {
			return false
		}
	}
	return true
}

// read reads the entry. names contains the names of the tests before it.
func (r *entryReader) read(names map[string]bool) {
	switch r.test.Name = r.Name; {
	case r.Name == "" || strings.ContainsFunc(r.Name, unicode.IsControl):
		r.fault("name", "name is not one line of text", "describe the test in one line")
	case names[r.Name]:
		r.fault("name", fmt.Sprintf("another test has the name %q", r.Name), "give each test its own name")
	}
	names[r.Name] = true
	r.test.Registry = r.Registry
	r.readCaller()
	r.readRequest()
	r.readHeaders()
	r.readCircumstances()
	r.readExpectation()
}

// readCaller reads the principal or the credential.
func (r *entryReader) readCaller() {
	r.checkCallers()
	r.test.Principal, r.test.Anonymous = r.Principal, r.Anonymous
	if r.Principal != "" {
		r.add("principal", checkPrincipal(r.Principal))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		r.test.Tags = append(r.test.Tags, sts.Tag{Key: key, Value: r.Tags[key]})
	}
	r.add("tags", sts.CheckTags(r.test.Tags))
	if len(r.Tags) > 0 && r.Principal == "" && r.knows("principal") {
		r.fault("tags", "tags without principal", "remove them, because a credential has its own session tags")
	}
	r.readSource()
	if r.Credential != nil {
		r.readCredential()
	}
}

// checkCallers reports a test that does not have one caller.
func (r *entryReader) checkCallers() {
	callers := 0
	for _, given := range []bool{r.Principal != "", r.Anonymous, r.Credential != nil} {
		if given {
			callers++
		}
	}
	const remedy = "write one of principal, credential and anonymous: true"
	switch {
	case callers == 0 && r.knows("principal", "anonymous", "credential"):
		r.fault("", "the test has no caller", remedy)
	case callers > 1:
		r.fault("", "the test has several callers", remedy)
	}
}

// checkPrincipal checks that a text is a principal that a test can have: it need not exist.
func checkPrincipal(text string) error {
	_, err := sts.ParsePrincipal(text)
	return err
}

// readCredential reads the credential.
func (r *entryReader) readCredential() {
	for _, key := range []string{"basic", "uri", "dns", "subject", "header", "token", "accessKey", "user", "claims"} {
		if !r.file.IsKnown("tests", r.index, "credential", key) {
			return // what else it is depends on the key
		}
	}
	c, err := r.Credential.read(r.file.At("tests", r.index, "credential"), func(key string) diag.Position {
		return r.file.At("tests", r.index, "credential", key)
	})
	r.faults.Add(err)
	r.test.Credential = c
}

// readSource reads the resource on whose behalf a service calls.
func (r *entryReader) readSource() {
	source := sts.SourceResource{ARN: r.SourceARN, Account: r.SourceAccount}
	if source == (sts.SourceResource{}) {
		return
	}
	r.test.Source = source
	if r.Principal == "" && r.knows("principal") {
		key := "sourceArn"
		if r.SourceARN == "" {
			key = "sourceAccount"
		}
		r.fault(key, key+" without principal", "remove it, because only a principal that is a service calls for a resource")
	}
	if err := (sts.SourceResource{ARN: r.SourceARN}).Check(); err != nil {
		r.add("sourceArn", err)
		source.ARN = ""
	}
	r.add("sourceAccount", source.Check())
}

// readRequest reads the request, or the action and its resource.
func (r *entryReader) readRequest() {
	hasBoth, hasNone := r.Request != "" && r.Action != "", r.Request == "" && r.Action == ""
	if hasBoth || hasNone && r.knows("request", "action") {
		r.fault("", "the test needs either request or action", "write one of them")
	}
	if r.Action == "" && r.Resource != "" && r.knows("action") {
		r.fault("resource", "resource without action", "remove it, because a request determines its resources")
	}
	if r.Action != "" {
		r.readAction()
	}
	if r.Request == "" {
		return
	}
	method, path, found := strings.Cut(r.Request, " ")
	if !found || method == "" || !strings.HasPrefix(path, "/") {
		r.fault("request", fmt.Sprintf("%q is not a request", r.Request), "write METHOD /PATH, such as GET /v2/team/app/manifests/v1")
	}
	r.test.Method, r.test.Path = method, path
}

// readAction reads an action and its resource.
func (r *entryReader) readAction() {
	r.test.Action, r.test.Resource = r.Action, cmp.Or(r.Resource, "*")
	switch {
	case !r.isAction("action", r.Action) || r.Request != "":
	case iam.IsResourceless(r.Action) && r.test.Resource != "*":
		r.fault("resource", fmt.Sprintf("%s applies to no single resource", r.Action), "write *, or remove resource")
	case !iam.IsResourceless(r.Action) && r.test.Resource == "*":
		r.fault("resource", fmt.Sprintf("%s needs a resource", r.Action), "write the ARN of a repository")
	}
}

// isAction reports whether the value of a key is an action of ECR. Another value is a
// fault: a registry needs no other permissions, and nothing allows a misspelled action.
func (r *entryReader) isAction(key, action string) bool {
	for known := range iam.ECRActions() {
		if strings.EqualFold(known, action) {
			return true
		}
	}
	r.fault(key, fmt.Sprintf("%q is not an action of ECR", action), "write one such as ecr:BatchGetImage")
	return false
}

// readHeaders reads the headers in order, and rejects credentials.
func (r *entryReader) readHeaders() {
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		if !r.file.IsKnown("tests", r.index, "headers", name) {
			continue
		}
		header, ok := simulate.ParseHeader(name + ":" + r.Headers[name])
		at := r.file.At("tests", r.index, "headers", name)
		switch {
		case !ok || strings.Contains(name, ":"):
			r.faults.Add(diag.New(at, fmt.Sprintf("%q is not the name of a header", name), "fix it"))
		case header.Name == "authorization":
			r.faults.Add(diag.New(at, "a header contains a credential", "write credential instead"))
		default:
			r.test.Headers = append(r.test.Headers, header)
		}
	}
}

// readCircumstances reads the client's address, the time and whether TLS is used.
func (r *entryReader) readCircumstances() {
	if r.SourceIP != "" && !iam.IsAddress(r.SourceIP) {
		r.fault("sourceIp", fmt.Sprintf("%q is not an IP address", r.SourceIP), "write one address, such as 192.0.2.7")
	}
	r.test.Peer, r.test.TLS = r.SourceIP, r.TLS
	if r.Time == "" {
		return
	}
	var err error
	if r.test.Time, err = time.Parse(time.RFC3339, r.Time); err != nil {
		r.fault("time", fmt.Sprintf("%q is not a time", r.Time), "write it like 2026-11-25T12:00:00Z")
	}
}

// readExpectation reads the expected answer.
func (r *entryReader) readExpectation() {
	expect, ok := parseOutcome(r.Expect)
	if !ok {
		r.fault("expect", fmt.Sprintf("%q is not an outcome", r.Expect), "write allowed, implicitDeny, explicitDeny, unauthenticated or refused")
	}
	r.test.Expect, r.test.Denied, r.test.Sid = expect, r.Denied, r.Sid
	if ok && r.Sid != "" && expect != authz.Allowed && expect != authz.ExplicitDeny {
		r.fault("sid", fmt.Sprintf("sid is set, but no statement determines expect: %s", expect), "remove sid, or change expect")
	}
	switch {
	case r.Denied == "":
	case ok && (expect == authz.Allowed || expect == authz.Refused):
		r.fault("denied", fmt.Sprintf("denied is set, but expect: %s never denies an action", expect), "remove denied, or change expect")
	case r.Action != "":
		r.fault("denied", "denied cannot be combined with action", "remove denied")
	default:
		r.isAction("denied", r.Denied)
	}
}

// parseOutcome returns the outcome with a name. No name means unavailable.
func parseOutcome(name string) (o authz.Outcome, ok bool) {
	for _, o := range []authz.Outcome{authz.Allowed, authz.ImplicitDeny, authz.ExplicitDeny, authz.Unauthenticated, authz.Refused} {
		if name == o.String() {
			return o, true
		}
	}
	return authz.Refused, false
}
