package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// expensive is a policy made to cost as much as a document of its size can, and
// the value of aws:UserAgent that makes it do so.
type expensive struct {
	name   string
	policy string
	agent  string
}

// statementsWith returns a document of at most size characters with as many copies
// of an entry as there is room for. head and tail are what stands before and
// after all entries.
func statementsWith(size int, head, entry, tail string) string {
	head = `{"Version":"2012-10-17","Statement":[` + head
	tail += `]}`
	room := size - len([]rune(head)) - len([]rune(tail))
	n := max(1, room/len([]rune(entry)))
	return head + strings.TrimSuffix(strings.Repeat(entry, n), ",") + tail
}

// expensivePolicies are identity policies of at most size characters.
func expensivePolicies(size int) []expensive {
	const (
		statement = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{`
		end       = `}}`
		ten       = "1111111111"
	)
	a, accents := strings.Repeat("a", longestValue), strings.Repeat("\u00ff", longestValue/2)
	arn := "arn:a:b:c:d:" + a[:longestValue-12]
	condition := func(operator, entry, agent string) expensive {
		name := operator + " " + entry
		return expensive{name, statementsWith(size, statement+`"`+operator+`":{"aws:UserAgent":[`, entry, `]}`+end), agent}
	}
	policies := []expensive{
		condition("StringLike", `"*?a?b",`, a),
		condition("StringLike", `"*ab*",`, a),
		condition("StringLike", `"*a*a*a*b",`, a),
		condition("StringLike", "\"*?\u00ff?\u00fe\",", accents),
		condition("StringLike", "\"*\u00ff\u00fe*\",", accents),
		condition("StringLike", "\"*\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00fe*\",", accents),
		condition("StringLike", `"*${a:b}?c",`, a),
		condition("StringLike", `"*${a:b}*c",`, a),
		condition("StringLike", `"*${v}?",`, a[:longestValue-1]+"b"),
		condition("StringLike", `"*${v}?b",`, a),
		condition("StringLike", `"*?${v}",`, a),
		condition("StringLike", `"*${a:x, ''}?c",`, a),
		condition("StringLike", `"*${a:x}?c",`, a),
		condition("StringNotLike", `"a*b",`, a),
		condition("StringEquals", `"a",`, a),
		condition("StringEquals", `"${v}",`, a),
		condition("StringNotEqualsIgnoreCase", `"`+strings.Repeat("A", 300)+`",`, a[:300]),
		condition("ArnLike", `"arn:a:b:c:d:*?a?b",`, arn),
		condition("ArnLike", `"arn:*:*:*:*:*?a?b",`, arn),
		condition("NumericEquals", `1,`, strings.Repeat("1", longestValue)),
		condition("NumericEquals", `1,`, "0."+strings.Repeat("1", longestValue-2)),
		condition("DateGreaterThan", `1,`, "0000-01-01T00:00:00."+strings.Repeat("1", longestValue-21)+"Z"),
		condition("NotIpAddress", `"1.1.1.1",`, "::1"),
		condition("BinaryEquals", `"",`, a),
		condition("Bool", `true,`, "false"),
		condition("Bool", `"${v}",`, "false"),
		{"statements", statementsWith(size, "", statement+`"StringLike":{"aws:UserAgent":"*?a?b"}`+end+`,`, ""), a},
		{"short statements", statementsWith(size, "", `{"Effect":"Deny","Action":"a:*a","Resource":"*"},`, ""), a},
		{"actions", statementsWith(size, `{"Effect":"Deny","Resource":"*","Action":[`, `"ecr:*?a?b",`, `]}`), a},
		{"literal actions", statementsWith(size, `{"Effect":"Deny","Resource":"*","Action":[`, `"ecr:a",`, `]}`), a},
		{"resources", statementsWith(size, `{"Effect":"Deny","Action":"*","Resource":[`, `"arn:*:*:*:*:*?o?b",`, `]}`), a},
		{"resources with variables", statementsWith(size, `{"Effect":"Deny","Action":"*","Resource":[`, `"arn:a:b:c:d:*${a:b}?b",`, `]}`), a},
		{"excluded resources without a value", statementsWith(size, `{"Effect":"Allow","Action":"*","NotResource":[`, `"arn:*:*:*:*:*?o?b${x}",`, `]}`), a},
		{"excluded resources with variables before the one without a value", statementsWith(size, `{"Effect":"Allow","Action":"*","NotResource":[`, `"arn:*:*:*:*:*?${v}?${a:b}b${x}",`, `]}`), a},
	}
	long := strings.Repeat("?a", size/2)
	for _, most := range []int{size, longestValue, longestValue / 2} { // a longer pattern does not match at all
		pattern := long[:min(most, size-150)]
		policies = append(policies,
			expensive{fmt.Sprintf("one pattern of %d characters", len(pattern)), statementsWith(size, statement+`"StringLike":{"aws:UserAgent":[`, `"*`+pattern+`b",`, `]}`+end), a},
			expensive{fmt.Sprintf("one pattern of %d characters with a variable", len(pattern)), statementsWith(size, statement+`"StringLike":{"aws:UserAgent":[`, `"*`+pattern+`${a:b}b",`, `]}`+end), a})
	}
	var conditions strings.Builder
	for _, operator := range someOperators {
		value := "*?a?b"
		switch {
		case strings.HasPrefix(operator, "Numeric"), strings.HasPrefix(operator, "Date"):
			value = "1"
		case !strings.HasPrefix(operator, "String"):
			continue
		}
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			fmt.Fprintf(&conditions, `"%s%s":{"aws:UserAgent":"%s"},`, set, operator, value)
		}
	}
	policies = append(policies, expensive{"every operator", statementsWith(size, "", statement+strings.TrimSuffix(conditions.String(), ",")+end+`,`, ""), a})
	return policies
}

// evaluation returns the policies in play and the request that make the most of
// an expensive policy.
func (e *expensive) evaluation(t testing.TB, kind Kind) (*Policies, *Request) {
	t.Helper()
	p := mustCompile(t, kind, e.policy)
	context := Context{{Key: "v", Value: strings.Repeat("a", longestVariable)}, {Key: "a:b", Value: strings.Repeat("a", longestVariable)}}
	for i := range 60 {
		context = append(context, ContextEntry{Key: fmt.Sprintf("aws:PrincipalTag/%d", i), Value: "x"})
	}
	context = append(context, ContextEntry{Key: "aws:UserAgent", Value: e.agent})
	return &Policies{Identity: []*Policy{p}}, &Request{caller(User), pull, repoARN, context}
}

// TestQuotasAreWithinTheCost holds that every document of a size that AWS takes
// is compiled, and that no decision by it takes more steps than its cost says.
func TestQuotasAreWithinTheCost(t *testing.T) {
	for _, size := range []int{2048, 5120, 6144, 10240} {
		for _, e := range expensivePolicies(size) {
			policies, request := e.evaluation(t, IdentityPolicy)
			if n := len([]rune(e.policy)); n > size && size > 3000 {
				t.Fatalf("%s has %d characters, more than %d", e.name, n, size)
			}
			cost := 0
			for i := range policies.Identity[0].Statements {
				cost += policies.Identity[0].Statements[i].cost(IdentityPolicy)
			}
			q, _ := policies.newQuery(request)
			before := q.meter.left + q.meter.rest
			policies.facts(&q)
			if taken := before - q.meter.left - q.meter.rest; q.meter.exhausted() || taken > cost {
				t.Errorf("%s, %d characters: takes %d steps, cost %d", e.name, size, taken, cost)
			} else if size == 10240 && testing.Verbose() {
				t.Logf("%s: takes %d steps, cost %d", e.name, taken, cost)
			}
		}
	}
}

// BenchmarkWorstPolicy decides by the most expensive policies of the largest
// size that AWS takes for any kind, and by policies beyond it that are accepted.
// No decision takes more than 5 ms.
func BenchmarkWorstPolicy(b *testing.B) {
	for _, e := range expensivePolicies(10240) {
		b.Run(strings.ReplaceAll(e.name, " ", "_"), func(b *testing.B) {
			p, r := e.evaluation(b, IdentityPolicy)
			b.ReportAllocs()
			for b.Loop() {
				p.Evaluate(r)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(time.Millisecond)/float64(b.N), "ms/decision")
		})
	}
}
