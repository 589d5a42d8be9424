package simulate

import (
	"context"
	"fmt"
	"io"
	"strings"

	"extauthz/authz"
	"extauthz/policystore"
)

// A Decision is the answer to a request, with everything that explains it.
type Decision struct {
	Decision  string `json:"decision"`
	Reason    string `json:"reason,omitempty"`
	Source    string `json:"source,omitempty"` // that proved the identity; "arn" if the request names its principal
	Issuer    string `json:"issuer,omitempty"`
	KeyID     string `json:"kid,omitempty"`
	Principal string `json:"principal,omitempty"`
	Registry  string `json:"registry,omitempty"`
	Operation string `json:"operation,omitempty"`
	// Digest is that of the policies that decide here.
	Digest string `json:"digest"`
	// Permissions are those that the request needs, up to the first that is denied.
	Permissions []*Explanation `json:"permissions"`

	evaluations []Evaluation
}

// NewDecision returns the decision that an offline check made.
func NewDecision(r *authz.OfflineResult) *Decision {
	d := newDecision(r.Result)
	for i := range r.Requests {
		d.add(Evaluation{Policies: r.Policies(i), Request: r.Requests[i]})
	}
	return d
}

func newDecision(r *authz.Result) *Decision {
	return &Decision{
		Decision: r.Decision.String(), Reason: r.Reason, Source: r.Source, Issuer: r.Issuer, KeyID: r.KeyID, Principal: r.Principal,
		Registry: r.Registry, Operation: r.Operation, Digest: r.Digest, Permissions: []*Explanation{},
	}
}

func (d *Decision) add(q Evaluation) {
	d.evaluations = append(d.evaluations, q)
	d.Permissions = append(d.Permissions, q.Explanation())
}

// Decide returns the decision on the input with the policies of a snapshot. The error is that
// of Evaluate.
func (in *DirectoryInput) Decide(s *policystore.Snapshot) (*Decision, error) {
	evaluations, result, err := in.Evaluate(s)
	if err != nil {
		return nil, err
	}
	if result == nil { // of actions, which are not one request
		result = &authz.Result{Decision: authz.Allowed, Principal: in.Principal, Source: "arn", Digest: s.Digest}
	}
	d := newDecision(result)
	if in.Method == "" {
		d.Decision = ""
	}
	for _, q := range evaluations {
		d.add(q)
	}
	return d, nil
}

// DecideRequest returns the decision of the running sidecar on a request with its credential.
func DecideRequest(ctx context.Context, s *policystore.Snapshot, r *authz.CheckRequest) *Decision {
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	who, refused := checker.Identify(ctx, r, nil)
	if who == nil {
		return newDecision(refused)
	}
	return NewDecision(checker.CheckAs(who.Caller, r))
}

// String returns the decision as indented JSON with a final line feed.
func (d *Decision) String() string { return encode(d, "    ") }

// Explain writes the decision for people: who the caller is and how that was proved, what the
// request needs, and the explanation of each evaluation.
func (d *Decision) Explain(to io.Writer) error {
	var text strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%-10s %s\n", name, value)
		}
	}
	line("decision:", d.Decision)
	line("because:", d.Reason)
	line("principal:", d.Principal)
	line("identity:", d.identityText())
	line("registry:", d.Registry)
	line("operation:", d.Operation)
	line("policies:", d.Digest)
	for i, p := range d.Permissions {
		line([...]string{"requires:", ""}[min(i, 1)], fmt.Sprintf("%s on %s: %s", p.Action, p.Resource, p.Decision))
	}
	if _, err := io.WriteString(to, text.String()); err != nil {
		return err
	}
	for i := range d.evaluations {
		if _, err := fmt.Fprintln(to); err != nil {
			return err
		}
		if err := d.evaluations[i].Explain(to); err != nil {
			return err
		}
	}
	return nil
}

// identityText describes how the identity of the caller was proved.
func (d *Decision) identityText() string {
	switch {
	case d.Source == "":
		return ""
	case d.Source == "arn":
		return "named by the command"
	case d.Issuer == "":
		return "proved by " + d.Source
	case d.KeyID == "":
		return fmt.Sprintf("proved by %s: a token of issuer %q", d.Source, d.Issuer)
	}
	return fmt.Sprintf("proved by %s: a token of issuer %q, signed by key %q", d.Source, d.Issuer, d.KeyID)
}
