package iam

import "strings"

// Applicability is whether a statement applies to a request and, if not, the
// first of its elements that keeps it from doing so.
type Applicability uint8

const (
	// OtherAction means that Action or NotAction does not cover the action.
	OtherAction Applicability = iota
	// OtherResource means that Resource or NotResource does not cover the
	// resource, perhaps because a policy variable does not have a value.
	OtherResource
	// OtherPrincipal means that Principal or NotPrincipal does not cover the
	// caller.
	OtherPrincipal
	// FalseCondition means that a condition is not true.
	FalseCondition
	// Applies means that the statement takes effect.
	Applies
)

// StatementTrace is the result of one statement of an applicable policy.
type StatementTrace struct {
	Match
	Applicability Applicability
	// Operator and Key are those of the first condition that is not true, where
	// Applicability is FalseCondition. ArnEquals is called ArnLike, which is
	// the same.
	Operator, Key string
}

// Trace returns, for each statement of the applicable policies, whether it applies, and if
// not, why. The order is that of the classes of Explain. It is empty for a request without a valid caller,
// and ends early if it takes more steps than a decision may take.
func (p *Policies) Trace(r *Request) []StatementTrace {
	q, known := p.newQuery(r)
	if !known {
		return nil
	}
	var traces []StatementTrace
	for _, list := range p.applicable(&q) {
		for _, policy := range list.policies {
			if policy == nil {
				continue
			}
			q.meter.nextPolicy()
			for i := range policy.Statements {
				t := StatementTrace{Match: Match{list.class, list.level, policy, &policy.Statements[i]}}
				t.compare(&q)
				if q.meter.exhausted() {
					return traces
				}
				traces = append(traces, t)
			}
		}
	}
	return traces
}

// compare finds what keeps the statement from applying, in the order in which
// evaluation looks at the elements.
func (t *StatementTrace) compare(q *query) {
	s := t.Statement
	switch {
	case !s.covers(q):
		t.Applicability = OtherAction
	case !s.resources.matches(q.resourceFor(s.Effect), s.Effect, q.request.Context, &q.meter):
		t.Applicability = OtherResource
	case s.principals != nil && !s.principals.matches(q):
		t.Applicability = OtherPrincipal
	default:
		t.compareConditions(q.request.Context, &q.meter)
	}
}

func (t *StatementTrace) compareConditions(ctx Context, m *meter) {
	for i := range t.Statement.conditions() {
		if c := &t.Statement.conditions()[i]; !c.holds(ctx, t.Statement.Effect, m) {
			t.Applicability, t.Operator, t.Key = FalseCondition, c.operatorName(), c.name
			return
		}
	}
	t.Applicability = Applies
}

// operatorName is the whole name of the operator: the inverse of
// parseOperator, except for ArnEquals.
func (c *condition) operatorName() string {
	name := c.operator.name()
	switch c.set {
	case forAllValues:
		name = "ForAllValues:" + name
	case forAnyValue:
		name = "ForAnyValue:" + name
	case noSet:
	}
	if c.ifExists {
		name += "IfExists"
	}
	return name
}

// name is the inverse of operatorNamed, except for ArnEquals.
func (o operator) name() string {
	not := ""
	if o.negated {
		not = "Not"
	}
	switch o.family {
	case stringFamily:
		return "String" + not + "Equals"
	case foldFamily:
		return "String" + not + "EqualsIgnoreCase"
	case likeFamily:
		return "String" + not + "Like"
	case numericFamily:
		return "Numeric" + not + o.relation.name()
	case dateFamily:
		return "Date" + not + o.relation.name()
	case boolFamily:
		return "Bool"
	case binaryFamily:
		return "BinaryEquals"
	case addressFamily:
		return not + "IpAddress"
	case arnFamily:
		return "Arn" + not + "Like"
	case nullFamily:
		return "Null"
	case unknownFamily:
	}
	return ""
}

func (r relation) name() string {
	return [...]string{"Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"}[r]
}

// ResourcePartition returns the partition of all entries of Resource, "" if they are in
// several partitions or one of them could match in several.
func (s *Statement) ResourcePartition() string {
	if s.resources.presence != named {
		return ""
	}
	begins := make([]string, len(s.resources.patterns)) // "" for the lone "*"
	for i := range s.resources.patterns {
		if tokens := s.resources.patterns[i].pattern.tokens; len(tokens) > 0 {
			begins[i] = tokens[0].text
		}
	}
	return commonPartition(begins)
}

// PrincipalPartition returns the partition of all entries of Principal, "" if they are in
// several partitions or one of them is not an ARN.
func (s *Statement) PrincipalPartition() string {
	if s.principals == nil || s.principals.not {
		return ""
	}
	texts := make([]string, len(s.principals.entries))
	for i := range s.principals.entries {
		texts[i] = s.principals.entries[i].text
	}
	return commonPartition(texts)
}

// commonPartition returns the partition of all texts if they begin as ARNs in one partition
// do, "" otherwise.
func commonPartition(texts []string) (common string) {
	for _, text := range texts {
		partition := partitionOf(text)
		if partition == "" || strings.ContainsAny(partition, "*?$") || common != "" && common != partition {
			return ""
		}
		common = partition
	}
	return common
}
