package decisionlog

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"extauthz/authz"
	"extauthz/iam"
)

// entry is a decision on its way to the sink.
type entry struct {
	result  *authz.Result
	latency time.Duration

	claimed atomic.Bool // by the writer, or by a check that waits no longer
	written chan error  // told once; nil where nobody waits
}

// maxText bounds, in bytes, the fields that hold the client's text.
const maxText = 512

// action is one permission that was asked about.
type action struct {
	Action     string      `json:"action"`
	Resource   string      `json:"resource"`
	Decision   string      `json:"decision"`
	Optional   bool        `json:"optional,omitempty"`
	Statements []statement `json:"statements"`
}

// statement is a policy's statement that matched.
type statement struct {
	Effect string `json:"effect"`
	Policy string `json:"policy"`
	Sid    string `json:"sid,omitempty"`
	Line   int    `json:"line"`
}

// safelyWrite writes the entry; a fault while doing so costs this line alone.
func (e *entry) safelyWrite(h slog.Handler) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("fault while logging a decision: %v", fault)
		}
	}()
	return e.write(h)
}

// write renders the entry and hands it to the handler as one line.
func (e *entry) write(h slog.Handler) error {
	r := e.result
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	line := slog.NewRecord(at, slog.LevelInfo, "decision", 0)
	line.AddAttrs(slog.String("decision", r.Decision.String()))
	for _, text := range [...]struct{ name, value string }{
		{"reason", r.Reason}, {"requestId", r.RequestID}, {"registry", r.Registry},
		{"principal", r.Principal}, {"user", r.User}, {"source", r.Source},
		{"issuer", r.Issuer}, {"keyId", r.KeyID}, {"clientAddress", r.Client}, {"method", r.Method},
		{"operation", r.Operation}, {"repository", r.Repository}, {"reference", r.Reference},
	} {
		if text.value != "" {
			line.AddAttrs(slog.String(text.name, cut(text.value)))
		}
	}
	if len(r.Evaluations) > 0 {
		line.AddAttrs(slog.Any("actions", actions(r)))
	}
	line.AddAttrs(slog.String("digest", r.Digest), slog.Float64("latencySeconds", e.latency.Seconds()))
	return h.Handle(context.Background(), line)
}

// actions works out why each permission was decided as it was.
func actions(r *authz.Result) []action {
	why := r.Explain()
	all := make([]action, len(r.Evaluations))
	for i := range r.Evaluations {
		e := &r.Evaluations[i]
		all[i] = action{e.Action, e.Resource, e.Decision.String(), e.Optional, statements(why[i].Matched)}
	}
	return all
}

func statements(matched []iam.Match) []statement {
	all := make([]statement, len(matched))
	for i, m := range matched {
		all[i] = statement{m.Statement.Effect.String(), m.Policy.Source, m.Statement.Sid, m.Statement.Start.Line}
	}
	return all
}

// cut bounds the client's text.
func cut(text string) string {
	if len(text) > maxText {
		return text[:maxText] + "…"
	}
	return text
}
