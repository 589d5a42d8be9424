package iam

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"extauthz/diag"
)

// probes are requests by whose decisions documents are compared.
func probes() []Request {
	context := Context{{Key: "aws:username", Value: "alice"}, {Key: "aws:SourceIp", Value: "10.0.0.1"},
		{Key: "aws:TagKeys", Values: []string{"a"}, Multi: true}, {Key: "aws:PrincipalTag/a", Value: "a"}}
	var requests []Request
	for _, kind := range []PrincipalKind{User, AssumedRole, FederatedUser, Service, Anonymous} {
		for _, resource := range []string{repoARN, "*"} {
			requests = append(requests,
				Request{caller(kind), pull, resource, context},
				Request{caller(kind), "sts:AssumeRole", resource, nil})
		}
	}
	return requests
}

// inEveryClass returns policies with the document in every class.
func inEveryClass(p *Policy) *Policies {
	one := []*Policy{p}
	return &Policies{Identity: one, Resource: one, RCPs: [][]*Policy{one}}
}

// FuzzCompile checks that compilation and evaluation do not panic, that faults have
// positions in the text, and that an accepted document means the same when it is encoded
// again.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/ecr-guide/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(IdentityPolicy), text)
		f.Add(uint8(RepositoryPolicy), text)
	}
	for seed := range uint64(10) {
		g := newGenerator(seed)
		for kind := IdentityPolicy; kind <= TrustPolicy; kind++ {
			f.Add(uint8(kind), []byte(g.document(&scenario{base: pick(g, someOperators...)}, kind)))
		}
	}
	f.Add(uint8(IdentityPolicy), []byte("{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"\xff\"}]}"))
	f.Fuzz(func(t *testing.T, kind uint8, text []byte) {
		d := Parse(diag.File("fuzz"), diag.Point{Line: 1, Column: 1}, text)
		p, err := d.Compile(Kind(kind))
		if err != nil {
			checkPositions(t, err, text)
			return
		}
		checkSyntax(t, d, p)
		again := encodeAgain(t, p.Kind, text)
		if !slices.Equal(p.ConditionKeys(), again.ConditionKeys()) || len(p.Statements) != len(again.Statements) {
			t.Fatalf("%s\nchanges when it is encoded again", text)
		}
		for _, r := range probes() {
			if got, want := inEveryClass(again).Evaluate(&r), inEveryClass(p).Evaluate(&r); got != want {
				t.Fatalf("%s\nmeans %v, and %v when it is encoded again, for %+v", text, want, got, r)
			}
		}
	})
}

// checkSyntax checks that every statement has its entries.
func checkSyntax(t *testing.T, d *Document, p *Policy) {
	t.Helper()
	written := d.Statements
	if len(written) != len(p.Statements) {
		t.Fatalf("%d statements written, %d compiled", len(written), len(p.Statements))
	}
	for i := range written {
		w := &written[i]
		if len(w.Actions) == 0 || w.Actions[0].At.Line == 0 || len(w.Conditions) != len(p.Statements[i].conditions()) {
			t.Fatalf("written %+v, compiled %+v", w, p.Statements[i])
		}
	}
}

// checkPositions checks that every fault is in the text.
func checkPositions(t *testing.T, err error, text []byte) {
	t.Helper()
	lines := bytes.Split(text, []byte("\n"))
	for i, fault := range diag.Of(err) {
		if i == diag.MaxFaults {
			return // the rest is counted
		}
		if fault.Message() == "" || fault.Line < 1 || int(fault.Line) > len(lines) || fault.Column < 1 || int(fault.Column) > len(lines[fault.Line-1])+1 {
			t.Fatalf("%v is not in %q", fault, text)
		}
	}
}

// encodeAgain decodes and encodes the document with encoding/json.
func encodeAgain(t *testing.T, kind Kind, text []byte) *Policy {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	written, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Compile(kind, "anew", written)
	if err != nil {
		t.Fatalf("%s\nis accepted, and written anew it fails: %v", text, err)
	}
	return again
}

// FuzzRequest checks that evaluation does not panic, and that a malformed request is never
// allowed.
func FuzzRequest(f *testing.F) {
	f.Add(userARN, uint8(User), pull, repoARN, "aws:username", "alice")
	f.Add(sessionARN, uint8(AssumedRole), "", "", "", "")
	f.Add("arn:aws:iam::1", uint8(User), "a:b:c", "arn:::::", "aws:SourceIp", "::ffff:1.2.3")
	everything := list(f, IdentityPolicy, "Allow", "*")
	everyone := list(f, RepositoryPolicy, "Allow", "*")
	conditions := mustCompile(f, IdentityPolicy, identityStatement(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{
		"NumericLessThan":{"k:k":"1"},"DateLessThan":{"k:k":"2026"},"IpAddress":{"k:k":"::/0"},"Bool":{"k:k":"true"},
		"StringLike":{"k:k":"*${k:k}?"},"StringEqualsIgnoreCase":{"k:k":"${k:k}\u00e9"},"ArnLike":{"k:k":"arn:*:*:*:*:${k:k}*"},"BinaryEquals":{"k:k":""}}`))
	f.Fuzz(func(t *testing.T, arn string, kind uint8, action, resource, key, value string) {
		r := Request{&Principal{Kind: PrincipalKind(kind), ARN: arn, RoleARN: value}, action, resource, Context{{Key: key, Value: value}, {Key: "k:k", Value: value}}}
		p := Policies{Identity: append(everything, conditions), Session: everything, Resource: everyone}
		if p.Evaluate(&r) != Allowed {
			return
		}
		if _, err := ParsePrincipal(arn); err != nil && kind < uint8(Service) && kind != uint8(Anonymous) {
			t.Errorf("allowed: the caller %q", arn)
		}
		if _, ok := splitARN(resource); !ok && resource != "*" || !isAction(action) {
			t.Errorf("allowed: %q on %q", action, resource)
		}
	})
}
