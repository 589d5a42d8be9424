package formats

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"extauthz/iam"
	"extauthz/tests/differential"
)

// The accounts are those of the questions of package differential.
const (
	accountA = "123456789012"
	accountB = "999999999999"
)

// generator generates one world.
type generator struct {
	*rand.Rand
	seed, next uint64 // of the questions whose documents are used
	documents  int
	spare      map[iam.Kind][]differential.Document
	asked      []*differential.Case
	w          *World
}

// Generate generates the world with this number and this many questions. Each world has its own
// random source.
func Generate(seed, number uint64, questions int) *World {
	g := &generator{
		Rand: rand.New(rand.NewPCG(seed, number)), seed: seed, next: number * 1000,
		spare: map[iam.Kind][]differential.Document{}, w: &World{},
	}
	for _, id := range []string{accountA, accountB} {
		g.w.Accounts = append(g.w.Accounts, g.account(id))
	}
	g.registries()
	g.organization()
	g.callers()
	for range questions {
		g.w.Questions = append(g.w.Questions, g.question())
	}
	return g.w
}

// chance returns true with probability 1/n.
func (g *generator) chance(n int) bool { return g.IntN(n) == 0 }

// pick returns a random element.
func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

// some returns each element with probability 1/n.
func some[T any](g *generator, from []T, n int) (picked []T) {
	for _, one := range from {
		if g.chance(n) {
			picked = append(picked, one)
		}
	}
	return picked
}

// registries adds a registry for each account and region of package differential.
func (g *generator) registries() {
	for _, r := range []*Registry{
		{Account: accountA, Region: "eu-central-1", Repositories: []*Repository{{Name: "app"}, {Name: "team"}, {Name: "team/app"}}},
		{Account: accountA, Region: "us-east-1", Repositories: []*Repository{{Name: "alice/app"}, {Name: "team/app"}}},
		{Account: accountB, Region: "us-east-1", Repositories: []*Repository{{Name: "team/app"}}},
	} {
		if g.chance(3) {
			r.Policy = g.attach(iam.RegistryPolicy)
		}
		for _, repository := range r.Repositories {
			if !g.chance(3) {
				repository.Policy = g.attach(iam.RepositoryPolicy)
			}
			repository.Tags = g.tags()
		}
		g.w.Registries = append(g.w.Registries, r)
	}
}

// organization adds control policies, with or without the members of the organization.
func (g *generator) organization() {
	if g.chance(2) {
		g.w.SCPs = g.levels(iam.ServiceControlPolicy)
	}
	if g.chance(2) {
		g.w.RCPs = g.levels(iam.ResourceControlPolicy)
	}
	if g.chance(2) {
		return
	}
	o := &Organization{Paths: map[string]string{accountA: "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"}}
	if g.chance(2) {
		o.Paths[accountB] = "o-a1b2c3d4e5/r-ab12/"
	} else {
		o.Outside = []string{accountB}
	}
	if g.chance(2) {
		o.Management = accountA
	}
	g.w.Organization = o
	if g.chance(2) {
		g.attachByID()
	}
}

// attachByID attaches control policies to ids on the paths of members, instead of levels for all
// accounts.
func (g *generator) attachByID() {
	g.w.SCPs, g.w.RCPs, g.w.ByID = nil, nil, map[string]*Controls{}
	for _, account := range []string{accountA, accountB} { // in a fixed order, so that a seed always gives the same world
		for _, id := range g.w.Organization.ids(account) {
			if g.w.ByID[id] != nil || g.chance(3) {
				continue
			}
			c := &Controls{}
			if !g.chance(3) {
				c.SCPs = g.levels(iam.ServiceControlPolicy)[0]
			}
			if !g.chance(3) {
				c.RCPs = g.levels(iam.ResourceControlPolicy)[0]
			}
			g.w.ByID[id] = c
		}
	}
}

// levels returns control policies by level. Most levels of service control policies allow
// everything, like the policy that AWS attaches first.
func (g *generator) levels(kind iam.Kind) (levels [][]Document) {
	for len(levels) == 0 || g.chance(3) {
		level := []Document{g.document(kind)}
		if kind == iam.ServiceControlPolicy && !g.chance(4) {
			level = append(level, g.named(kind, `{"Version":"2012-10-17","Statement":[{"Sid":"%s","Effect":"Allow","Action":"*","Resource":"*"}]}`))
		}
		levels = append(levels, level)
	}
	return levels
}

// question returns a question of package differential with a caller of this world, about a
// repository that may or may not exist.
func (g *generator) question() Question {
	g.harvest()
	k := g.asked[len(g.asked)-1]
	q := Question{Caller: pick(g, g.w.Callers), Action: k.Action, Resource: k.Resource}
	switch {
	case k.Resource == "*":
	case g.chance(12):
		q.Resource = pick(g, g.w.Registries).arn("new/app")
	case g.chance(2):
		r := pick(g, g.w.Registries)
		q.Resource = r.arn(pick(g, r.Repositories).Name)
	}
	for _, entry := range k.Context {
		if !isDerived(entry.Key) {
			q.Context = append(q.Context, entry)
		}
	}
	return q
}

// isDerived reports whether a condition key depends on the caller or the resource.
func isDerived(key string) bool {
	for _, prefix := range []string{
		"aws:principal", "aws:username", "aws:userid", "aws:resourcetag/", "ecr:resourcetag/", "aws:viaawsservice",
		"aws:multifactorauthpresent", "aws:tokenissuetime", "aws:federatedprovider", "aws:sourceidentity",
	} {
		if strings.HasPrefix(strings.ToLower(key), prefix) {
			return true
		}
	}
	return false
}

// named returns a document of a text, in which it replaces %s by a Sid.
func (g *generator) named(kind iam.Kind, text string) Document {
	g.documents++
	name := fmt.Sprintf("d%d", g.documents)
	return Document{Name: name, Kind: kind, Text: strings.ReplaceAll(text, "%s", name+"s0")}
}
