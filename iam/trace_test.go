package iam

import (
	"fmt"
	"strings"
	"testing"
)

func TestTrace(t *testing.T) {
	identity := mustCompile(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": [
  {"Sid": "a", "Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"},
  {"Sid": "b", "Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"},
  {"Sid": "c", "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/b"},
  {"Sid": "d", "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/Team}"},
  {"Sid": "e", "Effect": "Deny", "Action": "*", "Resource": "*",
   "Condition": {"StringEquals": {"aws:username": "alice"}, "NumericLessThanEqualsIfExists": {"aws:Age": "3"}}}
]}`)
	repository := mustCompile(t, RepositoryPolicy, `{"Statement": [
  {"Sid": "f", "Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "ecr:*"},
  {"Sid": "g", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}]}`)
	p := Policies{Identity: []*Policy{identity}, Resource: []*Policy{repository}, SCPs: [][]*Policy{allow(t, ServiceControlPolicy)}}
	r := Request{caller(User), pull, repoARN, Context{{Key: "aws:UserName", Value: "alice"}, {Key: "aws:age", Value: "4"}}}
	if got, want := traced(&p, &r), ":Applies f:OtherPrincipal g:Applies a:Applies b:OtherAction c:OtherResource d:OtherResource e:FalseCondition(NumericLessThanEqualsIfExists aws:Age)"; got != want {
		t.Errorf("traced\n%s\nwant\n%s", got, want)
	}
	if p.Trace(&Request{Action: pull, Resource: repoARN}) != nil {
		t.Error("a request without a caller has a trace")
	}
}

func traced(p *Policies, r *Request) string {
	var words []string
	for _, s := range p.Trace(r) {
		word := [...]string{"OtherAction", "OtherResource", "OtherPrincipal", "FalseCondition", "Applies"}[s.Applicability]
		if s.Applicability == FalseCondition {
			word += fmt.Sprintf("(%s %s)", s.Operator, s.Key)
		}
		words = append(words, s.Statement.Sid+":"+word)
	}
	return strings.Join(words, " ")
}

// TestOperatorNames checks that the trace has the operator's name as in the document.
func TestOperatorNames(t *testing.T) {
	names := 0
	for _, base := range []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnLike", "ArnNotLike"} {
		for _, prefix := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, suffix := range []string{"", "IfExists"} {
				name := prefix + base + suffix
				parsed, known := parseOperator(name)
				c := condition{parsedOperator: parsed}
				if got := c.operatorName(); !known || got != name {
					t.Errorf("%s is traced as %s", name, got)
				}
				names++
			}
		}
	}
	parsed, _ := parseOperator("Null")
	if c := (condition{parsedOperator: parsed}); c.operatorName() != "Null" || (operator{}).name() != "" {
		t.Errorf("Null is traced as %s", c.operatorName())
	}
	if names != 144 {
		t.Errorf("%d names", names)
	}
}

// TestTraceAgreesWithExplain checks that the statements that apply are those that match,
// for generated requests.
func TestTraceAgreesWithExplain(t *testing.T) {
	applied := 0
	for seed := range uint64(500) {
		g := newGenerator(seed)
		s := g.scenario()
		g.nextRequest(s)
		applying := map[*Statement]int{}
		for _, trace := range s.policies.Trace(&s.request) {
			if trace.Applicability == Applies {
				applying[trace.Statement]++
				applied++
			}
		}
		for _, m := range s.policies.Explain(&s.request).Matched {
			applying[m.Statement]--
		}
		for statement, n := range applying {
			if n != 0 {
				t.Fatalf("seed %d: the statement at %v applies %+d times more than it matches", seed, statement.Start, n)
			}
		}
	}
	if applied < 500 {
		t.Errorf("only %d statements applied", applied)
	}
}
