package decisionlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"extauthz/authz"
	"extauthz/iam"
)

// entry is a decision that is to be written.
type entry struct {
	result  *authz.Result
	latency time.Duration

	claimed atomic.Bool // by the writer, or by a check that stopped waiting
	written chan error  // receives one value; nil if no check waits
}

// maxText is the limit on fields with text of the client, in bytes.
const maxText = 512

// action is one evaluated permission.
type action struct {
	Action     string      `json:"action"`
	Resource   string      `json:"resource"`
	Decision   string      `json:"decision"`
	Optional   bool        `json:"optional,omitempty"`
	Statements []statement `json:"statements"`
}

// statement is a statement of a policy that applies.
type statement struct {
	Effect string `json:"effect"`
	Policy string `json:"policy"`
	Sid    string `json:"sid,omitempty"`
	Line   int    `json:"line"`
}

// write writes the entry as one line. A panic loses this line only.
func (e *entry) write(h slog.Handler) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic while logging a decision: %v", fault)
		}
	}()
	return h.Handle(context.Background(), e.record())
}

// record returns the fields of the entry.
func (e *entry) record() slog.Record {
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
	return line
}

// actions returns the evaluations of a result with the statements that apply.
func actions(r *authz.Result) []action {
	all := make([]action, len(r.Evaluations))
	for i := range r.Evaluations {
		e := &r.Evaluations[i]
		all[i] = action{e.Action, e.Resource, e.Decision.String(), e.Optional, statements(e.Matched())}
	}
	return all
}

func statements(matched []iam.Match) []statement {
	all := make([]statement, len(matched))
	for i, m := range matched {
		all[i] = statement{m.Statement.Effect.String(), m.Policy.Source.String(), m.Statement.Sid, m.Statement.Start.Line}
	}
	return all
}

// cut cuts text of the client.
func cut(text string) string {
	if len(text) > maxText {
		return text[:maxText] + "…"
	}
	return text
}

// lineWriter writes whole lines. If the sink accepts only a part of a line, the next one
// begins with a line feed.
type lineWriter struct {
	sink io.Writer
	torn bool // the sink has accepted a part of the last line
}

// Write writes one line. It returns an error if the sink accepts only a part of it.
func (l *lineWriter) Write(line []byte) (int, error) {
	if l.torn {
		if _, err := l.sink.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		l.torn = false
	}
	n, err := l.sink.Write(line)
	l.torn = 0 < n && n < len(line)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	return n, err
}
