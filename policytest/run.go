package policytest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/policystore"
)

// Run asks each test of the snapshot. now is the time of those that name none.
func Run(s *policystore.Snapshot, tests []*Test, now time.Time) Results {
	r := &runner{snapshot: s, checker: &authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}, now: now}
	results := make(Results, len(tests))
	for i, t := range tests {
		answer, err := r.run(t)
		results[i] = Result{Test: t, Answer: answer, Err: err}
	}
	return results
}

// A runner runs tests.
type runner struct {
	snapshot *policystore.Snapshot
	checker  *authz.Checker
	now      time.Time
}

// run returns the answer to a test, or why it cannot be asked.
func (r *runner) run(t *Test) (Answer, error) {
	registry, err := r.registry(t.Registry)
	if err != nil {
		return Answer{}, err
	}
	request := r.request(t, registry)
	caller, nobody, err := r.caller(t, registry, request)
	switch {
	case err != nil:
		return Answer{}, err
	case nobody != nil:
		return *nobody, nil
	case t.Action != "":
		return r.askAction(t, registry, caller, request)
	}
	return answerOf(r.checker.CheckAs(caller, request)), nil
}

// registry finds the registry that is asked: the one named, else the only one.
func (r *runner) registry(name string) (*policystore.Registry, error) {
	names := r.snapshot.RegistryNames()
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	if registry := r.snapshot.RegistryNamed(name); registry != nil {
		return registry, nil
	}
	all := strings.Join(names, ", ")
	if name == "" {
		return nil, errors.New("name the registry; registries.yaml has " + all)
	}
	return nil, fmt.Errorf("no registry %q in registries.yaml; it has %s", name, all)
}

// request is what a door would make of the client's request, but for its
// credential. Host is the registry's, unless the test gives another.
func (r *runner) request(t *Test, registry *policystore.Registry) *authz.Request {
	request := &authz.Request{
		Method: t.Method, Path: t.Path, Host: registry.Host(), Headers: t.Headers,
		Peer: t.Peer, Time: t.Time, Extensions: map[string]string{authz.RegistryExtension: registry.Name},
	}
	for _, h := range t.Headers {
		if h.Name == "host" {
			request.Host = h.Value
		}
	}
	if request.Time.IsZero() {
		request.Time = r.now
	}
	if t.TLS {
		request.SNI = request.Host
	}
	return request
}
