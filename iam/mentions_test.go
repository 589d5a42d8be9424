package iam

import (
	"strings"
	"testing"
	"unsafe"

	"extauthz/diag"
)

// TestMentionsAreShared checks that policies that mention the same at the same places share the
// record, and that others do not.
func TestMentionsAreShared(t *testing.T) {
	var shared Elements
	compile := func(text string) *mentions {
		t.Helper()
		p, err := Parse(diag.File("a.json"), diag.Point{Line: 1, Column: 1}, []byte(text)).CompileWith(RepositoryPolicy, &shared)
		if err != nil {
			t.Fatal(err)
		}
		return p.mentions
	}
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":["arn:aws:iam::123456789012:user/a","AIDACKCEVSQ6C2EXAMPLE"]},"Action":"ecr:PutImage","Condition":{"StringNotEquals":{"ecr:ResourceTag/a":"b"}}}]}`
	first := compile(text)
	for _, c := range []struct{ name, old, new string }{
		{"another action", "PutImage", "PutImag*"},
		{"another value", `"b"`, `"c"`},
	} {
		if compile(strings.Replace(text, c.old, c.new, 1)) != first {
			t.Errorf("%s: equal mentions are not shared", c.name)
		}
	}
	for _, c := range []struct{ name, old, new string }{
		{"another condition key", "ResourceTag/a", "ResourceTag/c"},
		{"another unique id", "EXAMPLE", "EXAMPLF"},
		{"another partition", "arn:aws:", "arn:aws-cn:"},
		{"another place of everything", `"Effect"`, `"Sid":"x","Effect"`},
		{"another line", `"Statement"`, "\n\"Statement\""},
		{"no tag that is needed", "StringNotEquals", "StringEquals"},
	} {
		if compile(strings.Replace(text, c.old, c.new, 1)) == first {
			t.Errorf("%s: different mentions are shared", c.name)
		}
	}
}

// TestPolicyIsSmall checks how much memory a policy takes, in addition to what it shares with
// policies that have the same text, and how much a statement takes, in addition to its elements.
func TestPolicyIsSmall(t *testing.T) {
	if policy, statement := unsafe.Sizeof(Policy{}), unsafe.Sizeof(Statement{}); policy > 48 || statement > 80 {
		t.Errorf("a policy takes %d bytes, and a statement %d", policy, statement)
	}
}
