package lint

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/policystore"
)

// A policyModel is a policy that can be changed and rendered as text.
type policyModel struct {
	kind       iam.Kind
	version    string
	statements []statementModel
}

type statementModel struct {
	effect     string
	elements   [3]elementModel // action, resource, principal
	conditions []conditionModel
}

// An elementModel is Action, Resource or Principal, or its Not form. An element without
// values is left out.
type elementModel struct {
	not    bool
	values []string
}

type conditionModel struct {
	operator, key string
	values        []string
}

// A part is what one line of the text contains: an index is -1 if the line does not belong
// to such a part of the policy.
type part struct{ statement, element, value, condition int }

var elementNames = [...]string{"Action", "Resource", "Principal"}

// render returns the text of the policy with each value in a separate line, and the part
// in each line.
func (p policyModel) render() (text string, parts map[int]part) {
	parts = map[int]part{}
	lines := []string{`{"Version":"` + p.version + `","Statement":[`}
	add := func(at part, line string) {
		lines = append(lines, line)
		parts[len(lines)] = at
	}
	for i, s := range p.statements {
		add(part{i, -1, -1, -1}, comma(i)+`{"Effect":"`+s.effect+`"`)
		for e, element := range s.elements {
			s.renderElement(e, element, func(value int, line string) { add(part{i, e, value, -1}, line) })
		}
		lines = append(lines, `,"Condition":{`)
		for c, k := range s.conditions {
			add(part{i, -1, -1, c}, fmt.Sprintf(`%s%q:{%q:["%s"]}`, comma(c), k.operator, k.key, strings.Join(k.values, `","`)))
		}
		lines = append(lines, "}}")
	}
	return strings.Join(append(lines, "]}"), "\n"), parts
}

func (s statementModel) renderElement(e int, element elementModel, add func(value int, line string)) {
	if len(element.values) == 0 {
		return
	}
	name := elementNames[e]
	if element.not {
		name = "Not" + name
	}
	add(-1, `,"`+name+`":`)
	if e != 2 {
		add(-1, "[")
		for i, value := range element.values {
			add(i, fmt.Sprintf("%s%q", comma(i), value))
		}
		add(-1, "]")
		return
	}
	add(-1, "{")
	types := map[string][]int{}
	for i, value := range element.values {
		kind, _, _ := strings.Cut(value, "=")
		types[kind] = append(types[kind], i)
	}
	for n, kind := range slices.Sorted(maps.Keys(types)) {
		add(-1, comma(n)+`"`+kind+`":[`)
		for i, w := range types[kind] {
			_, text, _ := strings.Cut(element.values[w], "=")
			add(w, fmt.Sprintf("%s%q", comma(i), text))
		}
		add(-1, "]")
	}
	add(-1, "}")
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

func (p policyModel) withoutStatement(at part) policyModel {
	p.statements = slices.Delete(slices.Clone(p.statements), at.statement, at.statement+1)
	return p
}

func (p policyModel) withoutCondition(at part) policyModel {
	p.statements = slices.Clone(p.statements)
	s := &p.statements[at.statement]
	s.conditions = slices.Delete(slices.Clone(s.conditions), at.condition, at.condition+1)
	return p
}

// without removes a value, or the statement if it is the only value. It returns false if
// no policy can express the rest.
func (p policyModel) without(at part) (policyModel, bool) {
	element := p.statements[at.statement].elements[at.element]
	if len(element.values) == 1 {
		return p.withoutStatement(at), !element.not
	}
	p.statements = slices.Clone(p.statements)
	values := &p.statements[at.statement].elements[at.element].values
	*values = slices.Delete(slices.Clone(*values), at.value, at.value+1)
	return p, true
}

func randomPolicy(random *rand.Rand) policyModel {
	p := policyModel{kind: iam.IdentityPolicy, version: "2012-10-17"}
	switch random.IntN(5) {
	case 0, 1:
		p.kind = iam.RepositoryPolicy
	case 2:
		p.kind = iam.RegistryPolicy
	}
	if random.IntN(4) == 0 {
		p.version = "2008-10-17"
	}
	for range 1 + random.IntN(4) {
		p.statements = append(p.statements, randomStatement(random, p.kind))
	}
	if last := p.statements[len(p.statements)-1]; last.effect == "Allow" && random.IntN(3) == 0 {
		last.effect = pick(random, "Allow", "Deny") // a statement like the last one
		last.elements[random.IntN(2)].values = []string{"*"}
		p.statements = append(p.statements, last)
	}
	return p
}

func randomStatement(random *rand.Rand, kind iam.Kind) statementModel {
	s := statementModel{effect: pick(random, "Allow", "Allow", "Deny")}
	s.elements[0] = elementModel{random.IntN(8) == 0, several(random, modelActions)}
	if kind != iam.RepositoryPolicy || random.IntN(2) == 0 {
		s.elements[1] = elementModel{random.IntN(8) == 0, several(random, modelResources)}
	}
	if kind != iam.IdentityPolicy {
		s.elements[2] = elementModel{s.effect == "Deny" && random.IntN(6) == 0, several(random, modelPrincipals)}
	}
	if random.IntN(2) == 0 {
		return s
	}
	key := pick(random, modelKeys...)
	for _, operator := range several(random, modelOperators) {
		k := conditionModel{operator, key, several(random, modelValues)}
		if random.IntN(5) == 0 {
			k.key = pick(random, modelKeys...)
		}
		if k.operator == "Null" || strings.HasPrefix(k.operator, "Bool") {
			k.values = []string{pick(random, "true", "false")}
		}
		if strings.HasPrefix(k.operator, "Arn") {
			k.values = several(random, modelARNs)
		}
		if strings.HasPrefix(k.operator, "Numeric") {
			k.values = []string{pick(random, "3", "5.0")}
		}
		s.conditions = append(s.conditions, k)
	}
	return s
}

func pick(random *rand.Rand, of ...string) string { return of[random.IntN(len(of))] }

// several picks one or more values, each once.
func several(random *rand.Rand, of []string) []string {
	var picked []string
	for range 1 + random.IntN(3) {
		if value := pick(random, of...); !slices.Contains(picked, value) {
			picked = append(picked, value)
		}
	}
	return picked
}

// The values of random policies: some match requests, some never do, and some only do in
// a Deny.
var (
	modelActions = []string{
		"*", "ecr:*", "ecr:Batch*", "ecr:BatchGetImage", "ecr:batchgetimage", "ecr:GetDownloadUrlForLayer", "ecr:?etDownload*",
		"ecr:GetAuthorizationToken", "ecr:Get*", "ecr:PutImage", "ecr:ListImage", "ecr:ListImages ", "ecr:CreateRepository",
		"ecr:DescribeRepositories", "ecr:DescribeRegistry", "s3:GetObject", "ecs:PutImage", "ecr-public:PutImage",
	}
	modelResources = []string{
		"*", "arn:aws:ecr:*:*:*", "arn:aws:*:*:*:repository/*", "arn:aws:e?r:*:*:repository/team/*", "arn:*:ecr:*:123456789012:*",
		"arn:aws:ecr:eu-central-1:123456789012:r*", "arn:aws:ecr:eu-central-1:123456789012:r*/team/app",
		"arn:aws:ecr:eu-central-1:123456789012:repository/*", "arn:aws:ecr:*:123456789012:repository/team/*",
		"arn:aws:ecr:eu-central-1:123456789012:repository/team/app", "arn:aws:ecr:eu-central-1:123456789012:repository/team/a?p",
		"arn:aws:ecr:eu-central-1:123456789012:repository/team/${aws:username}", "arn:aws:ecr:eu-central-1:123456789012:repository/${aws:PrincipalTag/team}/*",
		"arn:aws:ecr:eu-central-1:123456789012:repository/${*}", "arn:aws:ecr:eu-${aws:username}-1:123456789012:repository/team/*",
		"arn:aws:ecr:eu-central-1:123456789012:repository/Team", "arn:aws:ecr:eu-central-1:123456789012:repository/team/app:v1",
		"arn:aws:ecr:eu-central-1:12345:repository/team/app", "arn:aws:ecr:us-east-1:123456789012:repository/team/*",
		"arn:aws:ecr:eu-central-1:444455556666:repository/*", "arn:aws-cn:ecr:*:*:repository/*", "arn:aws:s3:::layers/*",
		"arn:aws:ecs:eu-central-1:123456789012:repository/team/app",
	}
	modelPrincipals = []string{
		"AWS=*", "AWS=123456789012", "AWS=arn:aws:iam::123456789012:root", "AWS=arn:aws:iam::123456789012:user/alice",
		"AWS=arn:aws:iam::123456789012:user/alcie", "AWS=arn:aws:iam::123456789012:role/ci", "AWS=arn:aws:sts::123456789012:assumed-role/ci/job",
		"AWS=arn:aws:iam::444455556666:user/eve", "AWS=AIDACKCEVSQ6C2EXAMPLE", "Service=lambda.amazonaws.com",
	}
	modelOperators = []string{
		"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIfExists", "StringEqualsIgnoreCase", "Null", "Bool", "BoolIfExists",
		"NumericEquals", "NumericNotEquals", "ArnLike", "ArnNotLike", "ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAllValues:StringNotEquals",
	}
	modelKeys = []string{
		"aws:username", "aws:PrincipalTag/team", "aws:PrincipalOrgPaths", "aws:SourceArn", "aws:RequestTag/a", "aws:TagKeys",
		"ecr:ResourceTag/team", "aws:ResourceTag/stage", "s3:prefix", "aws:PrincipalArn", "aws:UserAgent", "aws:MultiFactorAuthAge", "aws:RequestedRegion", "aws:PrincipalType", "aws:MultiFactorAuthPresent",
	}
	modelValues = []string{"User", "us-east-1", "eu-*", "red", "5", "5.0", "alice", "", "a*", "*", "${aws:username}", "o-a1b2c3d4e5/r-ab12/", "arn:aws:iam::123456789012:user/alice"}
	modelARNs   = []string{"*", "arn:aws:iam::123456789012:user/*", "arn:aws:iam::123456789012:user/alice", "arn:aws:iam::*:role/${aws:username}"}
)

// scenarios returns a directory with little in it, and one with tags and an organization.
func scenarios(t testing.TB) []*scenario {
	t.Helper()
	principals := `credentials:
- {uri: 'spiffe://a/ci', principal: 'arn:aws:sts::123456789012:assumed-role/ci/job'}
principals:
- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}
- {arn: 'arn:aws:iam::123456789012:role/ci', policies: [developers]}
`
	poor := writeDirectory(t, map[string]string{"principals.yaml": principals})
	rich := writeDirectory(t, map[string]string{
		"principals.yaml":   principals,
		"organization.yaml": "id: o-a1b2c3d4e5\naccounts:\n  '123456789012': o-a1b2c3d4e5/r-ab12/\n",
		"accounts/123456789012/eu-central-1/repositories/team/app/_tags.json": `{"team":"red"}`,
	})
	var all []*scenario
	for _, dir := range []string{poor, rich} {
		snapshot, err := policystore.LoadDocuments(dir)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &scenario{snapshot, modelRequests(dir == rich)})
	}
	return all
}

// modelRequests returns requests of all kinds of callers. If the directory is rich, they
// have the condition keys for tags and an organization.
func modelRequests(rich bool) (requests []iam.Request) {
	const repositories = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	for _, action := range []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:PutImage", "ecr:ListImages", "ecr:CreateRepository", "ecr:DescribeRepositories", "ecr:GetAuthorizationToken"} {
		for _, name := range []string{"team/app", "team/alice", "red/x", "other"} {
			r := iam.Request{Action: action, Resource: repositories + name}
			if action == "ecr:GetAuthorizationToken" {
				r.Resource = "*"
			}
			if action == "ecr:DescribeRepositories" {
				r.Resource = repositories + "*"
			}
			for _, c := range modelCallers(rich) {
				r.Principal, r.Context = c.Principal, c.Context
				if rich && name == "team/app" {
					r.Context = append(slices.Clip(r.Context), iam.ContextEntry{Key: "ecr:ResourceTag/team", Value: "red"})
				}
				requests = append(requests, r)
			}
		}
	}
	return requests
}

// modelCallers returns callers with their condition keys, as requests without an action.
func modelCallers(rich bool) (callers []iam.Request) {
	add := func(p iam.Principal, entries ...string) {
		c := iam.Context{{Key: "aws:RequestedRegion", Value: "eu-central-1"}, {Key: "aws:PrincipalType", Value: p.Kind.String()}, {Key: "aws:PrincipalArn", Value: p.ARN}}
		switch p.Kind {
		case iam.Anonymous:
			c = c[:2]
		case iam.AssumedRole:
			c = append(c, iam.ContextEntry{Key: "aws:MultiFactorAuthPresent", Value: "false"})
		}
		for i := 0; i < len(entries); i += 2 {
			c = append(c, iam.ContextEntry{Key: entries[i], Value: entries[i+1]})
		}
		if rich && p.Account == "123456789012" {
			c = append(c, iam.ContextEntry{Key: "aws:PrincipalOrgPaths", Values: []string{"o-a1b2c3d4e5/r-ab12/"}, Multi: true})
		}
		callers = append(callers, iam.Request{Principal: &p, Context: c})
	}
	alice := iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::123456789012:user/alice", Account: "123456789012"}
	add(alice, "aws:username", "alice", "aws:UserAgent", "")
	add(alice, "aws:username", "alice", "aws:PrincipalTag/team", "", "aws:UserAgent", "red")
	add(alice, "aws:username", "alice", "aws:PrincipalTag/team", "red", "aws:UserAgent", "a*")
	add(alice, "aws:username", "alice", "aws:PrincipalTag/team", "5", "aws:UserAgent", "5")
	session := iam.Principal{Kind: iam.AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/ci/job", Account: "123456789012", RoleARN: "arn:aws:iam::123456789012:role/ci"}
	add(session, "aws:PrincipalTag/team", "${aws:username}")
	add(session, "aws:UserAgent", "alice")
	add(iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::444455556666:user/eve", Account: "444455556666"}, "aws:username", "eve", "aws:PrincipalTag/team", "team")
	add(iam.Principal{Kind: iam.Service, ARN: "lambda.amazonaws.com"})
	add(iam.Principal{Kind: iam.Anonymous}, "aws:UserAgent", "red")
	return callers
}
