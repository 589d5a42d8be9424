package iam

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/nearest"
)

// TestSyntax checks every entry of a document and its position.
func TestSyntax(t *testing.T) {
	p := mustCompile(t, RepositoryPolicy, `{"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","NotPrincipal":{"AWS":["123456789012"],"Service":"a.b"},"NotAction":["ecr:Get*"],"NotResource":"*"},
  {"Effect":"Allow","Principal":"*","Action":"ecr:*",
   "Condition":{"ForAnyValue:StringNotLikeIfExists":{"aws:TagKeys":["a","b"]},"Bool":{"aws:SecureTransport":true}}}]}`)
	w := p.Syntax()
	if len(w) != 2 {
		t.Fatalf("%d statements, want 2", len(w))
	}
	for _, c := range []struct{ name, got, want string }{
		{"principals", fmt.Sprint(w[0].Principals, w[0].NotPrincipal), "[{AWS {123456789012 2:43}} {Service {a.b 2:69}}] true"},
		{"actions", fmt.Sprint(w[0].Actions, w[0].NotAction), "[{ecr:Get* 2:89}] true"},
		{"resources", fmt.Sprint(w[0].Resources, w[0].NotResource), "[{* 2:115}] true"},
		{"everyone", fmt.Sprint(w[1].Principals, w[1].NotPrincipal), "[{AWS {* 3:33}}] false"},
		{"no resource", fmt.Sprint(w[1].Resources, w[1].NotResource), "[] false"},
		{"set operator", fmt.Sprint(w[1].Conditions[0]), "{ForAnyValue:StringNotLikeIfExists StringNotLike ForAnyValue true true {aws:TagKeys 4:54} [{a 4:69} {b 4:73}]}"},
		{"plain operator", fmt.Sprint(w[1].Conditions[1]), "{Bool Bool  false false {aws:SecureTransport 4:87} [{true 4:109}]}"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s want %s", c.name, c.got, c.want)
		}
	}
	if !w[0].Statement.Covers("ecr:PutImage") || w[0].Statement.Covers("ecr:GetRegistryPolicy") || w[1].Statement.Effect != Allow {
		t.Error("the compiled statements are others")
	}
	if len(w[0].Conditions) != 0 {
		t.Errorf("conditions %v, want none", w[0].Conditions)
	}
}

// TestUniqueIDs wants every id of a user or role that stands for a principal, with
// its place, and nothing else.
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

func TestSyntaxOfEmptyPolicy(t *testing.T) {
	if w := new(Policy).Syntax(); w != nil {
		t.Errorf("got %v, want nil", w)
	}
}

// TestNearest wants the message about a misspelled action to propose the one that
// was meant.
func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"BatchGetImages", `; did you mean "ecr:BatchGetImage"?`},
		{"getdownloadurlforlayers", `; did you mean "ecr:GetDownloadUrlForLayer"?`},
		{"CompleteLayersUpload", `; did you mean "ecr:CompleteLayerUpload"?`},
		{"Pull", ""},
		{"Pull*", ""},
		{"PutImag", `; did you mean "ecr:PutImage"?`},
		{"Put", ""},
		{"", ""},
		{strings.Repeat("BatchGetImage", 1<<16), ""}, // told at once
	} {
		if got := nearest.DidYouMean(nearestAction(c.name)); got != c.want {
			t.Errorf("%s: got %q want %q", c.name[:min(len(c.name), 50)], got, c.want)
		}
	}
}

// TestNearestIsBounded wants every misspelt action to be found, and the nearest to
// be told of the first only: there is room for 50,000 in a policy.
func TestNearestIsBounded(t *testing.T) {
	const unknown = 50_000
	actions := strings.Repeat(`"ecr:BatchGetImages",`, unknown) + `"ecr:BatchGetImage"`
	p := mustCompile(t, IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[`+actions+`],"Resource":"*"}}`)
	found, told := 0, 0
	for _, f := range p.Findings() {
		if f.Code == "unknown-action" {
			found++
		}
		if strings.HasSuffix(f.Message(), `did you mean "ecr:BatchGetImage"?`) {
			told++
		}
	}
	if found != unknown || told != maxProposals {
		t.Errorf("%d found and %d told with the nearest, want %d and %d", found, told, unknown, maxProposals)
	}
}
