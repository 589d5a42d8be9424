package differential

import (
	"math/rand/v2"
	"strings"

	"extauthz/iam"
)

// Generate makes the question of a number; each has a random source of its
// own, so that one question can be repeated without those before it.
func Generate(seed, number uint64) *Case {
	g := generator{Rand: rand.New(rand.NewPCG(seed, number)), partition: "aws"}
	if g.chance(12) {
		g.partition = "aws-cn"
	}
	g.base = g.pick(operators())
	return g.question()
}

// generator makes one question.
type generator struct {
	*rand.Rand
	partition string
	base      string // the operator that this question is about most
	k         *Case  // the question so far
}

func (g *generator) pick(from vocabulary) string { return from[g.IntN(len(from))] }

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// here moves an ARN to the question's partition.
func (g *generator) here(arn string) string {
	return strings.Replace(arn, "arn:aws:", "arn:"+g.partition+":", 1)
}

// mostlyHere moves an ARN to the question's partition, or leaves it in aws.
func (g *generator) mostlyHere(arn string) string {
	if g.chance(8) {
		return arn
	}
	return g.here(arn)
}

// some returns one to three values.
func (g *generator) some(from vocabulary) []string {
	words := []string{g.pick(from)}
	for g.chance(3) && len(words) < 3 {
		words = append(words, g.pick(from))
	}
	return words
}

func (g *generator) question() *Case {
	k := &Case{Action: g.pick(repositoryActions()), Resource: g.here(g.pick(resources()))}
	if g.chance(10) {
		k.Action, k.Resource = g.pick(registryActions()), "*"
	}
	if g.chance(10) {
		k.Action = strings.ToLower(k.Action)
	}
	g.k = k
	g.caller()
	g.context()
	g.policies(k)
	if g.chance(12) {
		k.ResourceAccount = g.pick(vocabulary{accountA, accountB})
	}
	if g.chance(8) {
		k.ManagementAccount = g.pick(vocabulary{accountA, accountB})
	}
	return k
}

// policies are of every class. Where the caller cannot have a class of policy,
// the question may have it all the same: it is then not in play.
func (g *generator) policies(k *Case) {
	k.Identity = g.documents(iam.IdentityPolicy, min(1, g.IntN(6))+g.IntN(2))
	if g.chance(3) {
		k.Resources = nil
	} else {
		k.Resources = g.documents(iam.RepositoryPolicy, 1)
	}
	if k.Resource == "*" || g.chance(6) {
		k.Resources = append(k.Resources, g.documents(iam.RegistryPolicy, 1)...)
	}
	if k.Caller.Kind != iam.RootUser && g.chance(4) {
		k.Boundary = g.documents(iam.PermissionsBoundary, 1)
	}
	isSession := k.Caller.Kind == iam.AssumedRole || k.Caller.Kind == iam.FederatedUser
	if isSession && g.chance(3) || !k.hasIdentity() && g.chance(6) {
		k.Session = g.documents(iam.SessionPolicy, 1+g.IntN(2))
	}
	if g.chance(5) {
		k.SCPs = g.levels(iam.ServiceControlPolicy)
	}
	if g.chance(5) {
		k.RCPs = g.levels(iam.ResourceControlPolicy)
	}
}

// levels are those of an organization. AWS has every SCP level allow something
// and attaches FullAWSAccess at first; a level without policies occurs too.
func (g *generator) levels(kind iam.Kind) (levels [][]Document) {
	for len(levels) == 0 || g.chance(3) {
		level := g.documents(kind, 1)
		switch {
		case kind == iam.ServiceControlPolicy && g.chance(2):
			everything := Statement{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"*"}}
			level = append(level, Document{kind, "2012-10-17", []Statement{everything}})
		case g.chance(10):
			level = nil
		}
		levels = append(levels, level)
	}
	return levels
}

func (g *generator) documents(kind iam.Kind, n int) (documents []Document) {
	for range n {
		documents = append(documents, g.document(kind))
	}
	return documents
}

func (g *generator) document(kind iam.Kind) Document {
	d := Document{Kind: kind, Version: "2012-10-17"}
	if kind != iam.ServiceControlPolicy && kind != iam.ResourceControlPolicy && g.chance(5) {
		d.Version = g.pick(vocabulary{"2008-10-17", ""})
	}
	for len(d.Statements) == 0 || g.chance(3) {
		d.Statements = append(d.Statements, g.statement(d))
	}
	return d
}
