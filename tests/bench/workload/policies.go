package workload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Shape is how the statements of a policy directory are distributed.
type Shape string

// The shapes.
const (
	// Spread is the realistic shape: a policy for each team and each repository.
	Spread Shape = "spread"
	// OnePrincipal is Spread with ten statements, and all others attached to one role.
	OnePrincipal Shape = "one principal"
	// OneRepository is Spread with ten statements, and all others in one repository's policy,
	// of which there are at most [MaxOneRepository].
	OneRepository Shape = "one repository policy"
)

// MaxOneRepository is the largest number of statements of the shape OneRepository. More do not
// fit into a file, which may have 1 MiB.
const MaxOneRepository = 10_000

// Shapes are all shapes.
var Shapes = [...]Shape{Spread, OnePrincipal, OneRepository}

const (
	account = "123456789012"
	region  = "eu-central-1"

	// Registry is the name of the registry in registries.yaml, as in examples/mtls/envoy.yaml.
	Registry = "mtls"
	// Host is the registry's host.
	Host = "registry.example.com"
)

const (
	teamStatements       = 10 // of a team's policy
	repositoryStatements = 2  // of a repository's policy
	attachedStatements   = 500
	fewStatements        = 10 // of a directory that is only the core of a shape
)

// Policies describe a policy directory.
type Policies struct {
	Shape      Shape
	Statements int

	// Teams and Repositories are how many there are. Repository i belongs to team i modulo
	// Teams.
	Teams, Repositories int

	// Third says that every second repository's policy has a third statement.
	Third bool
}

// Large returns the policies of 50,000 statements in 20,004 files: one team, and a policy for
// each of 19,999 repositories.
func Large() *Policies {
	const repositories = 19_999
	return &Policies{Shape: Spread, Statements: 50_000, Teams: 1, Repositories: repositories, Third: true}
}

// NewPolicies returns the policies of a shape with this number of statements, of which there
// are at least ten.
func NewPolicies(shape Shape, statements int) *Policies {
	spread := statements
	if shape != Spread {
		spread = fewStatements
	}
	teams := max(1, spread/110)
	return &Policies{
		Shape: shape, Statements: statements, Teams: teams,
		Repositories: (spread - teams*statementsOfTeam(spread)) / repositoryStatements,
	}
}

// statementsOfTeam returns how many statements each team's policy has.
func statementsOfTeam(statements int) int {
	if statements < 110 {
		return 2
	}
	return teamStatements
}

// Repository returns the name of the i-th repository.
func (p *Policies) Repository(i int) string {
	return fmt.Sprintf("team-%d/app-%d", i%p.Teams, i)
}

// PolicyFile returns the path of the i-th repository's policy in the directory.
func (p *Policies) PolicyFile(i int) string {
	return filepath.Join("accounts", account, region, "repositories", filepath.FromSlash(p.Repository(i)), "_policy.json")
}

// Write writes the policy directory into dir, with the credentials of the callers.
func (p *Policies) Write(dir string, callers *Callers) error {
	files := map[string]string{
		"registries.yaml": fmt.Sprintf("registries:\n- {name: %s, hosts: [%s, 127.0.0.1], account: %q, region: %s, tls: true, audiences: [%s]}\n",
			Registry, Host, account, region, Host),
		"htpasswd":        callers.htpasswd(),
		"jwks/bench.json": callers.keys,
	}
	attached := p.attached(files)
	files["principals.yaml"] = p.principals(callers, attached)
	for team := range p.Teams {
		files[fmt.Sprintf("managed/team-%d.json", team)] = document(p.teamPolicy(team))
	}
	for i := range p.Repositories {
		files[p.PolicyFile(i)] = p.RepositoryPolicy(i)
	}
	for name, text := range files {
		if err := WriteFile(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes a file and the folders that it needs.
func WriteFile(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// principals returns principals.yaml. Workloads are pods, whose namespace is the team.
func (p *Policies) principals(callers *Callers, attached []string) string {
	var b strings.Builder
	b.WriteString(`issuers:
- {name: bench, issuer: "` + issuerURL + `", jwks: jwks/bench.json}
credentials:
- uri: "spiffe://cluster.local/ns/{namespace}/sa/{name}"
  principal: "arn:aws:sts::` + account + `:assumed-role/{namespace}/pod"
  path: /kubernetes/
  tags: {serviceaccount: "{name}"}
- token: bench
  claims: {sub: "system:serviceaccount:{namespace}:{name}"}
  principal: "arn:aws:sts::` + account + `:assumed-role/{namespace}/pod"
  path: /kubernetes/
  tags: {serviceaccount: "{name}"}
- basic: "{user}"
  principal: "arn:aws:iam::` + account + `:user/{user}"
principals:
`)
	for team := range p.Teams {
		policies := []string{fmt.Sprintf("team-%d", team)}
		if team == 0 {
			policies = append(policies, attached...)
		}
		fmt.Fprintf(&b, "- {arn: %q, policies: [%s]}\n", teamRole(team), strings.Join(policies, ", "))
	}
	for i, user := range callers.users {
		fmt.Fprintf(&b, "- {arn: \"arn:aws:iam::%s:user/%s\", policies: [team-%d]}\n", account, user, i%p.Teams)
	}
	return b.String()
}

func teamRole(team int) string {
	return fmt.Sprintf("arn:aws:iam::%s:role/kubernetes/team-%d", account, team)
}

func repositoryARN(pattern string) string {
	return fmt.Sprintf("arn:aws:ecr:%s:%s:repository/%s", region, account, pattern)
}

func document(statements []string) string {
	return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",\n") + "]}\n"
}

const (
	pullActions = `["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]`
	pushActions = `["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]`
	listActions = `["ecr:ListImages", "ecr:DescribeImages"]`
)

// allow returns an identity policy's statement.
func allow(actions, resource string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Action": %s, "Resource": %q}`, actions, resource)
}

// teamPolicy returns the identity policy of a team.
func (p *Policies) teamPolicy(team int) []string {
	own := repositoryARN(fmt.Sprintf("team-%d/*", team))
	if p.Shape != Spread || statementsOfTeam(p.Statements) < teamStatements {
		return []string{allow(`"ecr:GetAuthorizationToken"`, "*"), allow(`"ecr:*"`, own)}
	}
	return []string{
		allow(`"ecr:GetAuthorizationToken"`, "*"),
		allow(pullActions, own),
		allow(pushActions, own),
		allow(listActions, own),
		allow(pullActions, repositoryARN("base/*")),
		allow(pullActions, repositoryARN(fmt.Sprintf("shared/team-%d/*", team))),
		allow(pushActions, repositoryARN(fmt.Sprintf("shared/team-%d/*", team))),
		allow(listActions, repositoryARN("shared/*")),
		fmt.Sprintf(`{"Effect": "Deny", "Action": %s, "Resource": %q, "Condition": {"StringNotLike": {"aws:PrincipalTag/serviceaccount": "release-*"}}}`,
			pushActions, repositoryARN(fmt.Sprintf("team-%d/release-*", team))),
		fmt.Sprintf(`{"Effect": "Deny", "Action": "ecr:BatchDeleteImage", "Resource": %q}`, own),
	}
}

// RepositoryPolicy returns the text of the i-th repository's policy, with further statements.
func (p *Policies) RepositoryPolicy(i int, further ...string) string {
	return document(append(p.repositoryPolicy(i), further...))
}

// DenyAll is a statement of a repository's policy that denies everything to everyone.
const DenyAll = `{"Sid": "Closed", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}`

// repositoryPolicy returns the statements of a repository's policy. It lets the next team pull, and denies
// everything to clients outside a network, so that each decision depends on the address.
func (p *Policies) repositoryPolicy(i int) []string {
	statements := []string{
		repositoryAllow(teamRole((i + 1) % p.Teams)),
		`{"Sid": "Outside", "Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"]}}}`,
	}
	if p.Third && i%2 == 0 {
		statements = append(statements, repositoryAllow(fmt.Sprintf("arn:aws:iam::%s:user/owner-%d", account, i)))
	}
	if p.Shape == OneRepository && i == 0 {
		for n := range p.Statements - fewStatements {
			statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:user/g%d"},"Action":"ecr:PutImage"}`, account, n))
		}
	}
	return statements
}

func repositoryAllow(principal string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": %s}`, principal, pullActions)
}

// attached adds the further managed policies of the first team to files, and returns their
// names.
func (p *Policies) attached(files map[string]string) (names []string) {
	if p.Shape != OnePrincipal {
		return nil
	}
	for first := 0; first < p.Statements-fewStatements; first += attachedStatements {
		var statements []string
		for n := first; n < min(first+attachedStatements, p.Statements-fewStatements); n++ {
			statements = append(statements, attachedStatement(n))
		}
		name := fmt.Sprintf("attached-%d", first/attachedStatements)
		names = append(names, name)
		files["managed/"+name+".json"] = document(statements)
	}
	return names
}

// attachedStatement returns a statement about another repository or group of repositories: by
// its name, by a prefix, or under a condition.
func attachedStatement(n int) string {
	switch n % 4 {
	case 0:
		return allow(pullActions, repositoryARN(fmt.Sprintf("group-%d/app-%d", n%100, n)))
	case 1:
		return allow(pullActions, repositoryARN(fmt.Sprintf("group-%d/app-%d-*", n%100, n)))
	case 2:
		return fmt.Sprintf(`{"Effect": "Allow", "Action": %s, "Resource": %q, "Condition": {"StringEquals": {"aws:PrincipalTag/serviceaccount": "w-%d"}}}`,
			pullActions, repositoryARN(fmt.Sprintf("group-%d/app-%d", n%100, n)), n)
	default:
		return fmt.Sprintf(`{"Effect": "Deny", "Action": %s, "Resource": %q, "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`,
			pushActions, repositoryARN(fmt.Sprintf("group-%d/app-%d/*", n%100, n)))
	}
}
