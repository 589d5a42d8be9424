package formats

import (
	"encoding/json"
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/tests/differential"
)

// attach returns a new document that applies.
func (g *generator) attach(kind iam.Kind) *Document {
	d := g.document(kind)
	return &d
}

// document returns a document of a question of package differential, with Sids.
func (g *generator) document(kind iam.Kind) Document {
	for len(g.spare[kind]) == 0 {
		g.harvest()
	}
	d := g.spare[kind][0]
	g.spare[kind] = g.spare[kind][1:]
	return g.named(kind, "").with(d)
}

// harvest collects the documents of the next question whose caller is in the partition aws.
func (g *generator) harvest() {
	k := differential.Generate(g.seed, g.next)
	g.next++
	if strings.Contains(k.Resource, "aws-cn") || strings.Contains(k.Caller.ARN, "aws-cn") {
		g.harvest()
		return
	}
	g.asked = append(g.asked, k)
	all := [][]differential.Document{k.Identity, k.Boundary, k.Session, k.Resources}
	for _, list := range append(append(all, k.SCPs...), k.RCPs...) {
		for _, d := range list {
			g.spare[d.Kind] = append(g.spare[d.Kind], d)
		}
	}
}

// with returns the document with the statements of another, each with a Sid.
func (d Document) with(other differential.Document) Document {
	var statements []string
	for i, s := range other.Statements {
		text, err := json.Marshal(s)
		if err != nil {
			panic(err) // the statements of package differential can be marshaled
		}
		statements = append(statements, fmt.Sprintf(`{"Sid":"%ss%d",%s`, d.Name, i, text[1:]))
	}
	list := "[" + strings.Join(statements, ",") + "]"
	if len(statements) == 1 && len(d.Name)%2 == 0 {
		list = statements[0]
	}
	version := ""
	if other.Version != "" {
		version = `"Version":"` + other.Version + `",`
	}
	d.Text = "{" + version + `"Statement":` + list + "}"
	return d
}

// The documents that must never apply.
const (
	allowsAll = `{"Version":"2012-10-17","Statement":[{"Sid":"%s","Effect":"Allow","Action":"*","Resource":"*"}]}`
	deniesAll = `{"Version":"2012-10-17","Statement":{"Sid":"%s","Effect":"Deny","Action":"*","Resource":"*"}}`
)

// wrong returns a document that would change decisions if it applied.
func (g *generator) wrong() Document {
	if g.chance(2) {
		return g.named(iam.IdentityPolicy, allowsAll)
	}
	return g.named(iam.IdentityPolicy, deniesAll)
}
