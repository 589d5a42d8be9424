package differential

import (
	"encoding/json"
	"errors"
	"fmt"

	"extauthz/iam"
)

// library caches compiled documents by kind and text, because the same ones occur again
// and again.
type library map[string]*iam.Policy

// capacity is the number of documents after which a library starts afresh.
const capacity = 20_000

// decide is what iam thinks of the case. A document that iam refuses is an
// error: the case is then no question.
func (l library) decide(k *Case) (iam.Decision, error) {
	p, err := l.policies(k)
	if err != nil {
		return iam.ImplicitDeny, err
	}
	return p.Evaluate(k.request()), nil
}

func (k *Case) request() *iam.Request {
	return &iam.Request{Principal: &k.Caller, Action: k.Action, Resource: k.Resource, Context: k.Context}
}

// policies compiles the documents of a case.
func (l library) policies(k *Case) (*iam.Policies, error) {
	c := compiler{library: l}
	return &iam.Policies{
		Identity: c.all(k.Identity), Boundary: c.all(k.Boundary), Session: c.all(k.Session),
		Resource: c.all(k.Resources), SCPs: c.levels(k.SCPs), RCPs: c.levels(k.RCPs),
		ResourceAccount: k.ResourceAccount, ManagementAccount: k.ManagementAccount,
	}, c.err
}

// compiler compiles documents until one is refused.
type compiler struct {
	library library
	err     error
}

func (c *compiler) levels(levels [][]Document) (compiled [][]*iam.Policy) {
	for _, level := range levels {
		compiled = append(compiled, c.all(level))
	}
	return compiled
}

func (c *compiler) all(documents []Document) (compiled []*iam.Policy) {
	for _, d := range documents {
		compiled = append(compiled, c.one(d))
	}
	return compiled
}

func (c *compiler) one(d Document) *iam.Policy {
	text, err := json.Marshal(d)
	if err != nil {
		c.err = errors.Join(c.err, err)
		return nil
	}
	key := string(rune(d.Kind)) + string(text)
	if p := c.library[key]; p != nil {
		return p
	}
	p, err := iam.Compile(d.Kind, "generated", text)
	if err != nil {
		c.err = errors.Join(c.err, fmt.Errorf("%w in the %v %s", err, d.Kind, text))
		return nil
	}
	if len(c.library) == capacity {
		clear(c.library)
	}
	c.library[key] = p
	return p
}

// applies reports whether iam applies a statement about everything under the
// condition alone, or with its resource alone. It is how masks look closer.
func (l library) applies(s Statement, k *Case) (bool, error) {
	s.Actions = []string{"*"}
	s.NotAction = false
	s.Principal = nil
	if len(s.Resources) == 0 {
		s.Resources, s.NotResource = []string{"*"}, false
	}
	alone := Case{
		Caller:   iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::123456789012:user/alice"},
		Action:   k.Action,
		Resource: k.Resource,
		Context:  k.Context,
		Identity: []Document{{iam.IdentityPolicy, "2012-10-17", []Statement{s}}},
		// The user owns the resource, whatever its ARN says.
		ResourceAccount: "123456789012",
	}
	if k.Resource != "*" {
		alone.Caller.ARN = "arn:" + partitionOf(k.Resource) + ":iam::123456789012:user/alice"
	}
	d, err := l.decide(&alone)
	return d == iam.Allowed || d == iam.ExplicitDeny, err
}
