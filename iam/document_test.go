package iam

import (
	"fmt"
	"testing"

	"extauthz/diag"
)

// TestDocument checks every entry of a document and its position.
func TestDocument(t *testing.T) {
	d := Parse(diag.File("test.json"), diag.Point{Line: 1, Column: 1}, []byte(`{"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","NotPrincipal":{"AWS":["123456789012"],"Service":"a.b"},"NotAction":["ecr:Get*"],"NotResource":"*"},
  {"Effect":"Allow","Principal":"*","Action":"ecr:*",
   "Condition":{"ForAnyValue:StringNotLikeIfExists":{"aws:TagKeys":["a","b"]},"Bool":{"aws:SecureTransport":true},"Null":{}}}]}`))
	w := d.Statements
	if len(w) != 2 {
		t.Fatalf("%d statements, want 2", len(w))
	}
	for _, c := range []struct{ name, got, want string }{
		{"principals", fmt.Sprint(w[0].Principals, w[0].NotPrincipal), "[{AWS {123456789012 2:43}} {Service {a.b 2:69}}] true"},
		{"actions", fmt.Sprint(w[0].Actions, w[0].NotAction), "[{ecr:Get* 2:89}] true"},
		{"resources", fmt.Sprint(w[0].Resources, w[0].NotResource), "[{* 2:115}] true"},
		{"everyone", fmt.Sprint(w[1].Principals, w[1].NotPrincipal), "[{AWS {* 3:33}}] false"},
		{"no resource", fmt.Sprint(w[1].Resources, w[1].NotResource), "[] false"},
		{"set operator", fmt.Sprint(w[1].Conditions[0]), "{ForAnyValue:StringNotLikeIfExists StringNotLike ForAnyValue true true {aws:TagKeys 4:54} [{a 4:69} {b 4:73}] 4:68}"},
		{"empty operator", fmt.Sprint(w[1].EmptyOperators), "[{Null 4:115}]"},
		{"version", fmt.Sprint(d.Version), "{2012-10-17 1:12}"},
		{"no Id", fmt.Sprint(d.IDAt), ""},
		{"position of the resource", fmt.Sprint(w[0].ResourceAt, w[1].ResourceAt), "2:101 "},
		{"plain operator", fmt.Sprint(w[1].Conditions[1]), "{Bool Bool  false false {aws:SecureTransport 4:87} [{true 4:109}] 4:109}"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s want %s", c.name, c.got, c.want)
		}
	}
	p, err := d.Compile(RepositoryPolicy)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Statements[0].Covers("ecr:PutImage") || p.Statements[0].Covers("ecr:GetRegistryPolicy") || p.Statements[1].Effect != Allow {
		t.Error("the compiled statements are others")
	}
	if len(w[0].Conditions) != 0 {
		t.Errorf("conditions %v, want none", w[0].Conditions)
	}
}

// TestUniqueIDs checks that the ids of users and roles among the principals are found, with
// their positions, and nothing else.
func TestUniqueIDs(t *testing.T) {
	p := mustCompile(t, RepositoryPolicy, `{"Version":"2012-10-17","Id":"AIDACKCEVSQ6C2EXAMPLE","Statement":[
  {"Effect":"Deny","NotPrincipal":{"AWS":["123456789012","AIDACKCEVSQ6C2EXAMPLE"],"Service":"AROASHORT"},"Action":"*"},
  {"Sid":"AROA","Effect":"Allow","Principal":{"AWS":"AROACKCEVSQ6C2EXAMPLE","CanonicalUser":"79a59d"},"Action":"ecr:*"},
  {"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}`)
	want := "[{AIDACKCEVSQ6C2EXAMPLE 2:58} {AROASHORT 2:93} {AROACKCEVSQ6C2EXAMPLE 3:53}]"
	if got := fmt.Sprint(p.UniqueIDs()); got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

// TestSeveralKinds checks that a document can be compiled as several kinds, and that each
// reports all faults.
func TestSeveralKinds(t *testing.T) {
	d := Parse(diag.File("test.json"), diag.Point{Line: 1, Column: 1}, []byte(`{"Version":"2012-10-17","Statement":[
{"Effect":"Deny","Action":"ecr"},{"Effect":"Deny","Action":"*","Resource":"*"}]}`))
	for range 2 {
		for kind, want := range map[Kind]int{IdentityPolicy: 2, RepositoryPolicy: 3, ResourceControlPolicy: 4} {
			if _, err := d.Compile(kind); len(diag.Of(err)) != want {
				t.Errorf("%v: %d faults, want %d:\n%v", kind, len(diag.Of(err)), want, err)
			}
		}
	}
}
