package iam

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator generates scenarios that reach every operator, form of principal and class of
// policy. It uses few names, so that they often match.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 17))} }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// chance is true in one of n cases.
func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

var (
	someAccounts  = []string{account, other, "111111111111"}
	someUsers     = []string{userARN, "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::999999999999:user/team/alice", "arn:aws-cn:iam::123456789012:user/team/alice"}
	someRoles     = []string{roleARN, "arn:aws:iam::123456789012:role/CI", "arn:aws:iam::123456789012:role/admin", "arn:aws:iam::999999999999:role/ci", "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/ci"}
	someSessions  = []string{sessionARN, "arn:aws:sts::123456789012:assumed-role/ci/other", "arn:aws:sts::999999999999:assumed-role/ci/build"}
	someServices  = []string{"replication.ecr.amazonaws.com", "ecs.amazonaws.com"}
	someActions   = []string{pull, pull, pull, "ecr:PutImage", "ecr:GetAuthorizationToken", "s3:GetObject"}
	somePatterns  = []string{"*", "*", "ecr:*", "ECR:batch*", "ecr:?utImage", "ecr:Get*", "s3:*", "ecr:PutImage"}
	someResources = []string{repoARN, repoARN, repoARN, otherRepo, "arn:aws:ecr:us-east-1:123456789012:repository/team/alice", "arn:aws-cn:ecr:eu-central-1:123456789012:repository/a", "*", "arn:aws:ecr:eu-central-1:123456789012:repository/*"}
	someARNs      = []string{"*", "*", "arn:aws:ecr:*:*:repository/*", "arn:aws:ecr:eu-central-1:123456789012:repository/a", "arn:aws:ecr:*:*:*", "arn:*:ecr:*:*:repository/a", "arn:aws:e?r:*:*:*", "arn:aws:ecr:*:*:repo*/a", "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/a}", "arn:aws:ecr:*:*:repository/team/${aws:username}", "arn:aws:ecr:*:${aws:x}:repository/*", "arn:aws:ecr:*:*:repository/${aws:x, 'a'}", "arn:aws:ecr:us-*:*:repository/team/*", "arn:aws:ecr:*:*:repository${*}/*", "arn:aws:ecr:*:*:*/*", "arn:aws:ecr:*:*:*/${aws:username}", "arn:aws:ecr:*:*:repository/${aws:username}${aws:x}", "arn:aws:ecr:*:*:repository/?"}
	someKeys      = []string{"aws:PrincipalTag/a", "AWS:principaltag/A", "aws:username", "aws:TagKeys", "test:b"}
	someTexts     = []string{"a", "iam", "A", "b", "ab", "", "*", "?", "alice", "\u00e9", "\u00c9"}
	someNumbers   = []string{"1", "01.0", "-1", "2.50", "2.5", "0", "-0", "12345678901234567890.1"}
	someDates     = []string{"2026", "2026-01", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "1767225600", "2026-06-30T12:30Z", "-5", "2026-01-01T00:00:00.001Z"}
	someIPs       = []string{"10.0.0.1", "10.1.0.1", "::1", "0:0:0:0:0:0:0:1", "2001:db8::1", "::ffff:10.0.0.1"}
	someNetworks  = []string{"10.0.0.0/16", "10.0.0.1", "0.0.0.0/0", "::/0", "2001:DB8::/32", "0::1"}
	someBools     = []string{"true", "false", "True"}
	someBytes     = []string{"", "YQ==", "Kg=="}
	someGarbage   = []string{"x", "1x", "", "10.0.0", "arn:aws", "2026-13-01", "2026-01-01T00:00:00", "ARN"}
)

// values are the values of contexts and conditions for an operator's family.
func (g generator) values(base string) (policy, request []string) {
	switch {
	case strings.HasPrefix(base, "Numeric"):
		return someNumbers, someNumbers
	case strings.HasPrefix(base, "Date"):
		return append([]string{"2026-01-01T00:00:00"}, someDates...), someDates
	case base == "Bool":
		return append([]string{"${aws:PrincipalTag/a}", "${aws:x, 'True'}"}, append(someBools, someBools...)...), someBools
	case base == "Null":
		return someBools[:2], someTexts
	case base == "BinaryEquals":
		return someBytes, someTexts
	case strings.HasSuffix(base, "IpAddress"):
		return someNetworks, someIPs
	case strings.HasPrefix(base, "Arn"):
		arns := append([]string{roleARN, "arn:*:iam::*:role/*", "${aws:PrincipalTag/a}", "arn:aws:iam::${aws:x, '123456789012'}:*", "arn:aws:*:*:*:*", "arn:aws:${aws:username}*"}, someUsers...)
		return arns, append(append([]string{}, someUsers...), someRoles...)
	}
	return append([]string{"a*", "?", "${aws:PrincipalTag/a}", "${aws:x}", "${aws:x, 'a'}", "x${*}", "*${aws:username}*", "${aws:TagKeys}"}, someTexts...), someTexts
}

var someOperators = []string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

// scenario is policies of every class and a request, for both evaluators.
type scenario struct {
	policies Policies
	twin     twin
	request  Request
	texts    []string
	base     string // the operator that the conditions prefer
}

// nextRequest generates another request for the same policies.
func (g generator) nextRequest(s *scenario) {
	s.request = Request{g.caller(), pick(g, someActions...), pick(g, someResources...), g.context(s.base)}
	if g.chance(50) {
		s.request.Action, s.request.Resource = "sts:AssumeRole", pick(g, roleARN, "arn:aws:iam::999999999999:role/ci")
	}
	s.twin.request = &s.request
}

// scenario generates policies of every class.
func (g generator) scenario() *scenario {
	s := &scenario{base: pick(g, someOperators...)}
	s.policies.Identity, s.twin.identity = g.policies(s, IdentityPolicy, 4)
	s.policies.Resource, s.twin.resource = g.policies(s, pick(g, RepositoryPolicy, RegistryPolicy), 2)
	if g.chance(3) {
		s.policies.Boundary, s.twin.boundary = g.policies(s, PermissionsBoundary, 1)
	}
	if g.chance(3) {
		s.policies.Session, s.twin.session = g.policies(s, SessionPolicy, 2)
	}
	if g.chance(4) {
		s.policies.SCPs, s.twin.scps = g.levels(s, ServiceControlPolicy)
	}
	if g.chance(4) {
		s.policies.RCPs, s.twin.rcps = g.levels(s, ResourceControlPolicy)
	}
	if g.chance(6) {
		s.policies.ResourceAccount = pick(g, someAccounts...)
	}
	if g.chance(6) {
		s.policies.ManagementAccount = pick(g, someAccounts...)
	}
	s.twin.resourceAccount, s.twin.managementAccount = s.policies.ResourceAccount, s.policies.ManagementAccount
	return s
}

func (g generator) caller() *Principal {
	kind := pick(g, User, User, User, AssumedRole, AssumedRole, AssumedRole, FederatedUser, RootUser, RootUser, UnnamedPrincipal, Service, Anonymous, UnknownPrincipal)
	p := caller(kind)
	switch kind {
	case RootUser, UnnamedPrincipal:
		p.ARN = pick(g, rootARN, "arn:aws:iam::999999999999:root")
	case User:
		p.ARN = pick(g, someUsers...)
	case AssumedRole:
		p.ARN = pick(g, someSessions...)
		p.RoleARN = ""
		if strings.Contains(p.ARN, account) && g.chance(2) {
			p.RoleARN = pick(g, roleARN, someRoles[1], someRoles[4])
		}
	case Service:
		p.ARN = pick(g, someServices...)
	}
	if p.Account != "" {
		p.Account = strings.Split(p.ARN, ":")[4]
	}
	return p
}

func (g generator) context(base string) Context {
	var c Context
	_, values := g.values(base)
	for _, key := range someKeys[1:] {
		if g.chance(3) {
			continue
		}
		value := func() string {
			if g.chance(8) {
				return pick(g, someGarbage...)
			}
			return pick(g, values...)
		}
		entry := ContextEntry{Key: key, Value: value()}
		if entry.Multi = key == "aws:TagKeys" || g.chance(8); entry.Multi {
			entry.Value = ""
			for range g.IntN(4) {
				entry.Values = append(entry.Values, value())
			}
		}
		c = append(c, entry)
		if strings.Contains(key, "/") && g.chance(4) {
			c[len(c)-1].Ambiguous = true // another tag's key differs in case alone
			if g.chance(2) {             // and is written like this
				c = append(c, ContextEntry{Key: "aws:PrincipalTag/a", Value: pick(g, values...), Ambiguous: true})
			}
		}
	}
	return c
}

func (g generator) levels(s *scenario, kind Kind) (levels [][]*Policy, twins [][]twinPolicy) {
	for range 1 + g.IntN(2) {
		level, twin := g.policies(s, kind, 2)
		levels, twins = append(levels, level), append(twins, twin)
	}
	return levels, twins
}

func (g generator) policies(s *scenario, kind Kind, most int) (compiled []*Policy, twins []twinPolicy) {
	for range 1 + g.IntN(most) {
		text := g.document(s, kind)
		p, err := Compile(kind, "generated", []byte(text))
		if err != nil && needsVariables(err) {
			continue // a variable where the version has none
		}
		if err != nil {
			panic(fmt.Sprintf("%v\n%s", err, text))
		}
		s.texts = append(s.texts, kind.String()+" "+text)
		compiled, twins = append(compiled, p), append(twins, twinDecode(kind, text))
	}
	return compiled, twins
}

// needsVariables reports whether an error is about an ARN or a boolean that could
// be a policy variable.
func needsVariables(err error) bool {
	return strings.Contains(err.Error(), "must be an ARN of six segments") || strings.Contains(err.Error(), "is not a boolean")
}

func (g generator) document(s *scenario, kind Kind) string {
	document := map[string]any{"Version": "2012-10-17"}
	if kind != ServiceControlPolicy && kind != ResourceControlPolicy {
		switch g.IntN(6) {
		case 0:
			document["Version"] = "2008-10-17"
		case 1:
			delete(document, "Version")
		}
	}
	var statements []any
	for range 1 + g.IntN(2) {
		statements = append(statements, g.statement(s, kind))
	}
	document["Statement"] = statements
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (g generator) statement(s *scenario, kind Kind) map[string]any {
	statement := map[string]any{"Effect": "Allow"}
	if kind == ResourceControlPolicy || g.chance(8) {
		statement["Effect"] = "Deny"
	}
	statement["Action"] = g.some(somePatterns)
	if g.chance(6) {
		statement["NotAction"] = statement["Action"]
		delete(statement, "Action")
	}
	if kind == ResourceControlPolicy {
		statement["Action"], statement["Principal"] = "ecr:*", "*"
		delete(statement, "NotAction")
	} else if kind.HasPrincipal() {
		g.principal(statement)
	}
	if kind != RepositoryPolicy || g.chance(3) {
		name := "Resource"
		if g.chance(6) {
			name = "NotResource"
		}
		statement[name] = g.some(someARNs)
		if kind.AttachesToIdentity() && g.chance(8) {
			statement[name] = pick(g, "arn:aws:ecr", "arn:aws:ecr:*", "arn:aws:ecr:us-east-1:*")
		}
	}
	if g.chance(3) {
		statement["Condition"] = g.conditions(s)
	}
	return statement
}

// some returns one value, or a list of one or two.
func (g generator) some(from []string) any {
	switch g.IntN(3) {
	case 0:
		return []string{pick(g, from...)}
	case 1:
		return []string{pick(g, from...), pick(g, from...)}
	}
	return pick(g, from...)
}

func (g generator) principal(statement map[string]any) {
	forms := []string{"*", account, other, rootARN, fedARN, "AIDACKCEVSQ6C2EXAMPLE"}
	forms = append(append(append(forms, someUsers...), someRoles...), someSessions...)
	element := any(map[string]any{"AWS": g.some(forms)})
	switch g.IntN(6) {
	case 0:
		element = "*"
	case 1:
		element = map[string]any{"Service": g.some(someServices)}
	case 2:
		element = map[string]any{"Service": g.some(someServices), "AWS": g.some(forms)}
	}
	name := "Principal"
	if statement["Effect"] == "Deny" && g.chance(2) {
		name = "NotPrincipal"
		if g.chance(2) {
			element = map[string]any{"AWS": g.mostOf(pick(g, someLists...))}
		}
	}
	statement[name] = element
}

// someLists are the principals that the requests of one caller have.
var someLists = [][]string{
	{account, userARN},
	{rootARN, roleARN, sessionARN},
	{rootARN, someRoles[1], sessionARN, someSessions[1]},
	{rootARN, userARN, fedARN},
	{"arn:aws:iam::999999999999:root", someUsers[2]},
}

// mostOf returns all items, or all except one.
func (g generator) mostOf(items []string) []string {
	items = slices.Clone(items)
	if g.chance(2) {
		at := g.IntN(len(items))
		items = slices.Delete(items, at, at+1)
	}
	return items
}

func (g generator) conditions(s *scenario) map[string]any {
	block := map[string]any{}
	for range g.IntN(3) {
		base := s.base
		if g.chance(3) {
			base = pick(g, someOperators...)
		}
		operator := pick(g, "", "", "ForAllValues:", "ForAnyValue:") + base
		switch {
		case base != "Null":
			operator += pick(g, "", "", "IfExists")
		case g.chance(2):
			operator = base
		}
		values, _ := g.values(base)
		block[operator] = map[string]any{pick(g, someKeys...): g.some(values)}
	}
	return block
}
