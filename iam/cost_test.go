package iam

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/diag"
)

// expensive is a policy made to cost as much as a document of its size can, and
// the value of aws:UserAgent that makes it do so.
type expensive struct {
	name   string
	policy string
	agent  string
}

// statementsWith returns a document of at most size characters with as many copies
// of an entry as fit. head and tail are the text before and after all entries.
func statementsWith(size int, head, entry, tail string) string {
	head = `{"Version":"2012-10-17","Statement":[` + head
	tail += `]}`
	room := size - len([]rune(head)) - len([]rune(tail))
	n := max(1, room/len([]rune(entry)))
	return head + strings.TrimSuffix(strings.Repeat(entry, n), ",") + tail
}

// longTag begins the keys of tags, which differ only after it.
var longTag = strings.Repeat("a", 100)

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
		{"tags", statementsWith(size, "", statement+`"StringEquals":{"aws:PrincipalTag/`+longTag+`xxz":"w"}`+end+`,`, ""), a},
		{"tags in variables", statementsWith(size, statement+`"StringEquals":{"aws:UserAgent":[`, `"${aws:PrincipalTag/`+longTag+`xxz}",`, `]}`+end), a},
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

// evaluation returns the applicable policies and the request for which an expensive policy
// takes the most steps.
func (e *expensive) evaluation(t testing.TB, kind Kind) (*Policies, *Request) {
	t.Helper()
	p := mustCompile(t, kind, e.policy)
	context := Context{{Key: "v", Value: strings.Repeat("a", longestVariable)}, {Key: "a:b", Value: strings.Repeat("a", longestVariable)}}
	for i := range 60 {
		context = append(context, ContextEntry{Key: fmt.Sprintf("aws:PrincipalTag/%s%02dz", longTag, i), Value: "x"})
	}
	context = append(context, ContextEntry{Key: "aws:UserAgent", Value: e.agent})
	return &Policies{Identity: []*Policy{p}}, &Request{caller(User), pull, repoARN, context}
}

// TestQuotasAreWithinTheCost checks that documents within AWS's quotas compile, and that
// a decision takes at most as many steps as the cost of its policies.
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
// size that AWS accepts for any kind, and by larger ones that compile. A decision takes
// at most 5 ms of processor time.
func BenchmarkWorstPolicy(b *testing.B) {
	accepted, _ := hostile()
	for _, e := range slices.Concat(expensivePolicies(10240), accepted) {
		b.Run(strings.ReplaceAll(e.name, " ", "_"), func(b *testing.B) {
			p, r := e.evaluation(b, IdentityPolicy)
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				p.Evaluate(r)
			}
			used := processorTime(b) - before
			b.ReportMetric(float64(used)/float64(time.Millisecond)/float64(b.N), "cpu-ms/decision")
		})
	}
}

// hostile are policies beyond AWS's quotas that once took seconds or tenths of
// seconds.
func hostile() (accepted, refused []expensive) {
	like := func(name string, patterns ...string) expensive {
		return expensive{name, identityStatement(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":["` + strings.Join(patterns, `","`) + `"]}}`),
			strings.Repeat("a", longestValue)}
	}
	several := func(n int, pattern func(i int) string) (patterns []string) {
		for i := range n {
			patterns = append(patterns, pattern(i))
		}
		return patterns
	}
	long := "*" + strings.Repeat("?a", 3000) + "b"
	accepted = []expensive{
		like("two patterns of 6 KB", long, "*?"+long),
		like("a pattern of 1 MiB", "*"+strings.Repeat("?a", 1<<19)+"b"),
		like("1 MiB of patterns that are longer than any value", several(170, func(int) string { return long })...),
		like("8,000 patterns", several(8_000, func(int) string { return "*a*a*a*b" })...),
		like("10,000 literals", several(10_000, func(i int) string { return fmt.Sprint("docker/", i) })...),
	}
	accents := like("5,000 patterns of two bytes a character", several(5_000, func(int) string { return "*\u00ff*\u00ff*\u00fe" })...)
	accents.agent = strings.Repeat("\u00ff", longestValue/2)
	accepted = append(accepted, accents)
	refused = []expensive{
		like("10,000 patterns", several(10_000, func(i int) string { return "*a*a*a*b" })...),
		like("1 MiB of patterns", several(520, func(i int) string { return "*" + strings.Repeat("?a", 1000) + fmt.Sprint(i) })...),
		like("1 MiB of short patterns", several(100_000, func(i int) string { return fmt.Sprint("*?a?", i) })...),
		like("1 MiB of variables", several(100_000, func(int) string { return "*${v}?b" })...),
	}
	return accepted, refused
}

// TestHostilePolicies checks that a policy beyond AWS's quotas is evaluated within the
// steps of a policy, or refused with the position of its statement.
func TestHostilePolicies(t *testing.T) {
	accepted, refused := hostile()
	for _, e := range accepted {
		p, r := e.evaluation(t, IdentityPolicy)
		if why := p.Explain(r); why.Exhausted || why.Decision != ImplicitDeny {
			t.Errorf("%s: %v, exhausted %v", e.name, why.Decision, why.Exhausted)
		}
		r.Context[len(r.Context)-1].Value += "b" // what most of them match
		if why := p.Explain(r); why.Exhausted {
			t.Errorf("%s: exhausted", e.name)
		}
	}
	for _, e := range refused {
		text := strings.Replace(e.policy, `"Statement":[`, `"Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"},`+"\n  ", 1)
		_, err := Compile(IdentityPolicy, "p.json", []byte(text))
		var fault diag.Diagnostic
		if !errors.As(err, &fault) || fault.Line != 2 || fault.Column != 3 || !strings.Contains(fault.Message(), "steps") || !strings.Contains(fault.Message(), fmt.Sprint(maxCost)) || !strings.Contains(fault.Message(), "divide the policy") {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}

// TestLongPatternsMatch checks that a pattern of many blocks matches exactly the right
// subjects.
func TestLongPatternsMatch(t *testing.T) {
	for name, pattern := range map[string]string{
		"plain":           "*" + strings.Repeat("?a", 1000) + "b",
		"with a variable": "*" + strings.Repeat("?a", 1000) + "${aws:username}b",
	} {
		p := &Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:UserAgent":["`+pattern+`"]}}`))}}
		for agent, want := range map[string]Decision{
			strings.Repeat("a", 3999) + "b":                                  Allowed,
			strings.Repeat("\u00e9", 1000) + strings.Repeat("a", 2000) + "b": Allowed,
			strings.Repeat("a", 4000):                                        ImplicitDeny,
			strings.Repeat("a", 1998) + "b":                                  ImplicitDeny,
			strings.Repeat("a", 3000) + "xxb":                                ImplicitDeny,
		} {
			r := &Request{caller(User), pull, repoARN, Context{{Key: "aws:username", Value: "a"}, {Key: "aws:UserAgent", Value: agent}}}
			if got := p.Evaluate(r); got != want {
				t.Errorf("%s, %d bytes: %v, want %v", name, len(agent), got, want)
			}
		}
	}
}

// TestExhaustedEvaluationDenies checks that a decision that takes too many steps is a
// denial, in Explain too, and that its time is bounded.
func TestExhaustedEvaluationDenies(t *testing.T) {
	const everything = `"Effect":"Allow","Action":"*","Resource":"*"`
	agent := strings.Repeat("a", longestValue)
	context := Context{{Key: "aws:referer", Value: strings.Repeat("a", longestValue/2)}, {Key: "aws:UserAgent", Value: agent}}
	condition := func(operator, entry string) string {
		return statementsWith(6144, `{`+everything+`},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"`+operator+`":{"aws:UserAgent":[`, entry, `]}}}`)
	}
	allowIf := func(operator, entry string) string {
		return statementsWith(6144, `{`+everything+`,"Condition":{"`+operator+`":{"aws:UserAgent":[`, entry, `]}}}`)
	}
	many := func(n int, text string) (policies []*Policy) {
		for range n {
			policies = append(policies, mustCompile(t, IdentityPolicy, text))
		}
		return policies
	}
	const amplified = `"*${aws:referer}?b",`
	for _, test := range []struct {
		name      string
		policies  []*Policy
		exhausted bool
	}{
		{"ten policies of the largest size", many(10, condition("StringLike", `"*?a?b",`)), false},
		{"fifty policies of the largest size", many(50, condition("StringLike", `"*?a?b",`)), false},
		{"two hundred policies of the largest size", many(200, condition("StringLike", `"*?a?b",`)), true},
		{"a Deny with long values of a variable", many(1, condition("StringLike", amplified)), true},
		{"a negated Deny with long values of a variable", many(1, condition("StringNotLike", amplified)), true},
		{"a negated Allow with long values of a variable", many(1, allowIf("StringNotLike", amplified)), true},
		{"a negated Allow for any value", many(1, allowIf("ForAnyValue:StringNotLike", amplified)), true},
	} {
		p := &Policies{Identity: test.policies}
		r := &Request{caller(User), pull, repoARN, context}
		want := map[bool]Decision{true: ImplicitDeny, false: Allowed}[test.exhausted]
		if got := p.Evaluate(r); got != want {
			t.Errorf("%s: %v, want %v", test.name, got, want)
		}
		if got := p.Explain(r); got.Decision != want || got.Exhausted != test.exhausted || got.Exhausted && len(got.Matched) > 0 {
			t.Errorf("%s: explained as %v, exhausted %v, with %d matches", test.name, got.Decision, got.Exhausted, len(got.Matched))
		}
		q, _ := p.newQuery(r)
		p.facts(&q)
		if over := -min(0, q.meter.left); over > longestValue*scanWords {
			t.Errorf("%s: takes %d steps too many", test.name, over)
		}
		short := &Request{caller(User), pull, repoARN, Context{{Key: "aws:UserAgent", Value: "docker/29"}, context[0]}}
		if got := p.Evaluate(short); got != Allowed && !strings.Contains(test.name, "negated Deny") {
			t.Errorf("%s, usual request: %v", test.name, got)
		}
	}
}

// TestScanAllocatesNothing checks that matching does not allocate in the expensive cases
// either.
func TestScanAllocatesNothing(t *testing.T) {
	for _, e := range expensivePolicies(6144) {
		p, r := e.evaluation(t, IdentityPolicy)
		if n := testing.AllocsPerRun(1, func() { p.Evaluate(r) }); n != 0 {
			t.Errorf("%s: %v allocations", e.name, n)
		}
	}
}

// processorTime returns the processor time that the process has used. On a busy machine
// it is more precise than elapsed time.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestFewerStepsNeverHelp decides requests with fewer steps than they take. It checks that
// a wrong decision is a denial, and that it is marked as exhausted.
func TestFewerStepsNeverHelp(t *testing.T) {
	exhausted := 0
	for seed := range uint64(2000) {
		g := newGenerator(seed)
		s := g.scenario()
		g.nextRequest(s)
		whole, known := s.policies.newQuery(&s.request)
		if !known {
			continue
		}
		f := s.policies.facts(&whole)
		right, _ := f.decide()
		for range 20 {
			q, _ := s.policies.newQuery(&s.request)
			q.meter = meter{left: g.IntN(1 << g.IntN(14)), rest: g.IntN(1 << g.IntN(14))}
			f := s.policies.facts(&q)
			got, _ := f.decide()
			switch {
			case f.exhausted:
				exhausted++
				if got == Allowed {
					t.Fatalf("seed %d: exhausted, and allowed", seed)
				}
			case got != right:
				t.Fatalf("seed %d: %v, want %v", seed, got, right)
			}
		}
	}
	if exhausted < 1000 {
		t.Errorf("only %d decisions were exhausted", exhausted)
	}
}
