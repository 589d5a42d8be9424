package formats

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
)

// A form is a world as a policy directory.
type form struct {
	name  string
	like  string // the form that must have the same digest, if any
	files map[string]string
	place func(dir string, files map[string]string) error
}

// forms returns all forms of a world.
func (w *World) forms(r *rand.Rand) []form {
	exports, plain := w.exports(style{}), w.plain()
	odd := w.exports(style{Rand: r, encode: r.IntN(2) == 0, compact: r.IntN(2) == 0})
	return []form{
		{"outputs", "", exports, put},
		{"outputs in a ConfigMap", "outputs", flat(exports), mount},
		{"outputs in a projected volume", "outputs", mixed(r, exports), mount},
		{"outputs written oddly", "", odd, put},
		{"documents", "", plain, put},
		{"documents in flat form", "documents", flat(plain), put},
	}
}

// open writes a form to a temporary directory and loads it.
func (f *form) open() (s *policystore.Snapshot, err error) {
	dir, err := os.MkdirTemp("", "formats")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := f.place(filepath.Clean(dir), f.files); err != nil {
		return nil, err
	}
	s, err = policystore.Load(dir, decision.Options{CacheSize: 64})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return s, nil
}

// header is the header that contains the name of the caller.
const header = "x-caller"

// decide returns the decision of a snapshot on a question, with the caller of the credential and
// the tags of the repository.
func decide(s *policystore.Snapshot, q *Question) (string, error) {
	rules := identity.Config{Sources: []identity.Source{identity.TrustedHeader}, Header: header, Anonymous: true}
	evidence := identity.Credentials{TrustedHeader: header, Time: questionTime}
	if q.Caller.Credential != "" {
		evidence.HeaderValues = []string{q.Caller.Credential}
	}
	caller, failure := s.Callers.Authenticate(context.Background(), &rules, &evidence)
	if failure != nil {
		return "", failure
	}
	tags := s.RegistryNamed("r0").ResourceTags(q.Action, q.Resource)
	request := iam.Request{
		Principal: &caller.Principal, Action: q.Action, Resource: q.Resource, Context: append(caller.AppendContext(slices.Clip(q.Context), questionTime.Format(time.RFC3339)), tags...),
	}
	why := s.Decisions.Explain(&request, caller.SessionPolicies)
	for range 2 { // the second time from the cache
		if d := s.Decisions.Decide(&request, caller.SessionPolicies); d != why.Decision {
			return "", fmt.Errorf("decided %v, explained %v", d, why.Decision)
		}
	}
	return describe(why), nil
}

// attached returns the ids and tags of a snapshot's users and roles, and the Sids of the policies
// that are attached to them.
func attached(s *policystore.Snapshot) string {
	var all []string
	for _, p := range s.Contents().Principals {
		var tags []string
		for _, tag := range p.Tags {
			if !strings.HasPrefix(tag.Key, "aws:") {
				tags = append(tags, tag.Key+"="+tag.Value)
			}
		}
		slices.Sort(tags)
		all = append(all, fmt.Sprintf("%s %s %q %q %q %q", p.ARN, p.ID, tags, sids(p.Identity...), sids(p.Boundary...), sids(p.Trust)))
	}
	return strings.Join(all, "\n")
}

func sids(policies ...*iam.Policy) (all []string) {
	for _, p := range policies {
		for i := 0; p != nil && i < len(p.Statements); i++ {
			all = append(all, p.Statements[i].Sid)
		}
	}
	slices.Sort(all)
	return all
}
