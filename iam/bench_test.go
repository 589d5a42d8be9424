package iam

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkPatternAdversarial shows that the time is at most the product of the lengths
// of pattern and subject: ns/step stays the same as both grow.
func BenchmarkPatternAdversarial(b *testing.B) {
	for _, n := range []int{16, 64, 256, 1024} {
		b.Run(fmt.Sprintf("stars=%d", n), func(b *testing.B) {
			text, subject := strings.Repeat("*a", n)+"*b", strings.Repeat("a", 2*n)
			p, err := syntax{wildcards: true}.pattern(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if p.match(subject, nil) {
					b.Fatal("matches")
				}
			}
			steps := float64(len(text)) * float64(len(subject))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/steps, "ns/step")
		})
	}
}

// BenchmarkPatternQuadratic is the worst case of the algorithm: one run, after which
// nearly everything matches at every place.
func BenchmarkPatternQuadratic(b *testing.B) {
	for _, n := range []int{64, 256, 1024} {
		b.Run(fmt.Sprintf("length=%d", n), func(b *testing.B) {
			text, subject := "*"+strings.Repeat("?a", n/2)+"b", strings.Repeat("a", 2*n)
			p, err := syntax{wildcards: true}.pattern(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if p.match(subject, nil) {
					b.Fatal("matches")
				}
			}
			steps := float64(len(text)) * float64(len(subject))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/steps, "ns/step")
		})
	}
}

// TestPatternTime checks that adversarial patterns do not take exponential time: a
// recursive matcher would not end.
func TestPatternTime(t *testing.T) {
	p, err := syntax{wildcards: true}.pattern(strings.Repeat("*a", 500) + "*b")
	if err != nil {
		t.Fatal(err)
	}
	if p.match(strings.Repeat("a", 5000), nil) {
		t.Error("matches")
	}
}

// benchmarkPolicies are the policies of a usual request: a role with managed
// and team policies, a boundary, and a repository policy.
func benchmarkPolicies(tb testing.TB) (*Policies, *Request) {
	tb.Helper()
	p := &Policies{
		Identity: []*Policy{
			mustCompile(tb, IdentityPolicy, identityStatement(`"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"*"`)),
			mustCompile(tb, IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"},
				{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
				{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]}}`)),
		},
		Boundary: allow(tb, PermissionsBoundary),
		Resource: granting(tb, `{"AWS":["`+roleARN+`","999999999999"]}`),
		SCPs:     [][]*Policy{allow(tb, ServiceControlPolicy)},
		RCPs:     [][]*Policy{list(tb, ResourceControlPolicy, "Deny", "s3:*")},
	}
	r := &Request{caller(AssumedRole), "ecr:PutImage", "arn:aws:ecr:eu-central-1:123456789012:repository/web/app", Context{
		{Key: "aws:SourceIp", Value: "10.1.2.3"}, {Key: "aws:SecureTransport", Value: "true"},
		{Key: "aws:PrincipalArn", Value: roleARN}, {Key: "aws:PrincipalTag/team", Value: "web"},
		{Key: "aws:TagKeys", Values: []string{"a", "b"}, Multi: true}, {Key: "aws:CurrentTime", Value: "2026-11-22T06:00:00Z"},
	}}
	return p, r
}

func BenchmarkEvaluate(b *testing.B) {
	p, r := benchmarkPolicies(b)
	b.ReportAllocs()
	for b.Loop() {
		if p.Evaluate(r) != Allowed {
			b.Fatal("denied")
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	p, r := benchmarkPolicies(b)
	b.ReportAllocs()
	for b.Loop() {
		if p.Explain(r).Decision != Allowed {
			b.Fatal("denied")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	text := []byte(identityStatement(strings.TrimSuffix(strings.Repeat(`"Effect":"Allow","Action":"ecr:Get*","Resource":"arn:aws:ecr:*:*:repository/a"},{`, 50), "},{")))
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Compile(IdentityPolicy, "bench", text); err != nil {
			b.Fatal(err)
		}
	}
}

// This test checks that Evaluate does not allocate, for all operators and for malformed
// values of the request.
func TestEvaluateAllocatesNothing(t *testing.T) {
	p, r := benchmarkPolicies(t)
	if n := testing.AllocsPerRun(100, func() { p.Evaluate(r) }); n != 0 {
		t.Errorf("a usual request: %v allocations", n)
	}
	for _, base := range someOperators {
		for seed := range uint64(10) {
			g := newGenerator(seed)
			s := g.scenario()
			policy, request := g.values(base)
			values := `"` + strings.Join(policy[:2], `","`) + `"`
			s.policies.Identity = append(s.policies.Identity, mustCompile(t, IdentityPolicy, identityStatement(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"`+base+`":{"aws:username":[`+values+`]}}`)))
			for _, value := range []string{pick(g, request...), pick(g, "", "x", "1x", "arn:aws", "\xff")} {
				s.request = Request{caller(User), pull, repoARN, Context{{Key: "aws:username", Value: value}}}
				if n := testing.AllocsPerRun(5, func() { s.policies.Evaluate(&s.request) }); n != 0 {
					t.Fatalf("%s with %q: %v allocations", base, value, n)
				}
			}
		}
	}
}
