package iam

import "testing"

// mustCompile compiles a document of a test.
func mustCompile(t testing.TB, kind Kind, text string) *Policy {
	t.Helper()
	p, err := Compile(kind, "test.json", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func TestSmoke(t *testing.T) {
	p := mustCompile(t, IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:Batch*","Resource":"arn:aws:ecr:*:*:repository/${aws:username}/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"a"}}}}`)
	alice, err := ParsePrincipal("arn:aws:iam::123456789012:user/alice")
	if err != nil {
		t.Fatal(err)
	}
	ps := Policies{Identity: []*Policy{p}}
	r := Request{&alice, "ecr:batchgetimage", "arn:aws:ecr:eu-central-1:123456789012:repository/alice/x", Context{{Key: "aws:UserName", Value: "alice"}, {Key: "AWS:principaltag/TEAM", Value: "a"}}}
	if d := ps.Evaluate(&r); d != Allowed {
		t.Error(d)
	}
	if n := testing.AllocsPerRun(100, func() { ps.Evaluate(&r) }); n != 0 {
		t.Error(n, "allocations")
	}
	t.Logf("%+v", ps.Explain(&r))
}
