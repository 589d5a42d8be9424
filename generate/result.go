package generate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"extauthz/decisionlog"
)

// A Summary describes generated policies: the logs that they come from, and what a reader must
// know before attaching them.
type Summary struct {
	From       time.Time          `json:"from,omitzero"`  // the time of the earliest decision in the logs
	Until      time.Time          `json:"until,omitzero"` // the time of the latest decision
	Lines      decisionlog.Counts `json:"lines"`          // of the logs
	Requests   int                `json:"requests"`       // that the policies allow
	Principals []Principal        `json:"principals"`
	LeftOut    []*LeftOut         `json:"leftOut"` // use without a policy
}

// A Principal is a user or role with its policies.
type Principal struct {
	ARN         string        `json:"arn"`      // of a role without its path
	Policies    []string      `json:"policies"` // the names of managed policies
	Permissions int           `json:"permissions"`
	Patterns    []Pattern     `json:"patterns"`
	Conditional []Conditional `json:"conditional"`
}

// A Conditional is a permission that the policy directory allowed because of condition keys.
// The generated policy allows it whatever their values are.
type Conditional struct {
	Action   string   `json:"action"`
	Resource string   `json:"resource"`
	Keys     []string `json:"keys"`
}

// SummaryFile is the name of the file with the summary.
const SummaryFile = "generated.json"

// Files returns the files with the generated policies, managed/NAME.json for each, and the
// summary of them. lines are the counts of the logs. Repositories with the same parent, of
// which a principal used at least wildcard in the same way, become a pattern; 0 means never.
func (c *Collector) Files(lines decisionlog.Counts, wildcard int) (map[string]string, *Summary) {
	files := map[string]string{}
	s := &Summary{From: c.from, Until: c.until, Lines: lines, Requests: c.requests, Principals: []Principal{}, LeftOut: []*LeftOut{}}
	for _, o := range c.owners() {
		all, patterns := statements(c.uses[o], wildcard)
		p := Principal{ARN: o.ARN(), Permissions: len(c.uses[o]), Patterns: append([]Pattern{}, patterns...), Conditional: conditional(c.uses[o])}
		texts := documents(all)
		for i, text := range texts {
			name := fmt.Sprintf("used-%s-%s-%s", o.account, o.kind, o.name)
			if len(texts) > 1 {
				name += fmt.Sprintf("-%d", i+1)
			}
			p.Policies = append(p.Policies, name)
			files["managed/"+name+".json"] = text
		}
		s.Principals = append(s.Principals, p)
	}
	s.LeftOut = slices.SortedFunc(maps.Values(c.leftOut), func(a, b *LeftOut) int {
		return cmp.Or(b.Requests-a.Requests, strings.Compare(a.Principal, b.Principal), strings.Compare(a.Cause, b.Cause))
	})
	if s.LeftOut == nil {
		s.LeftOut = []*LeftOut{}
	}
	files[SummaryFile] = s.JSON()
	return files, s
}

// conditional returns the permissions that depended on condition keys, in order.
func conditional(uses map[permission]*use) []Conditional {
	all := []Conditional{}
	for p, u := range uses {
		if len(u.keys) > 0 {
			all = append(all, Conditional{p.action, p.resource, slices.Sorted(maps.Keys(u.keys))})
		}
	}
	slices.SortFunc(all, func(a, b Conditional) int {
		return cmp.Or(strings.Compare(a.Resource, b.Resource), strings.Compare(a.Action, b.Action))
	})
	return all
}

// JSON returns the summary as indented JSON.
func (s *Summary) JSON() string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		panic(err) // strings and numbers always have a JSON form
	}
	return text.String()
}

// Text returns the summary for people.
func (s *Summary) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests", s.Requests)
	if !s.From.IsZero() {
		fmt.Fprintf(&b, " of logs from %s to %s", s.From.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	}
	b.WriteString("\n")
	for _, p := range s.Principals {
		fmt.Fprintf(&b, "  %s: %d permissions in %s\n", p.ARN, p.Permissions, strings.Join(p.Policies, ", "))
		for _, pattern := range p.Patterns {
			fmt.Fprintf(&b, "      pattern %s in %s", pattern.Resource, pattern.Sid)
			if n := len(pattern.InsteadOf); n > 0 {
				fmt.Fprintf(&b, " instead of %d repositories", n)
			}
			b.WriteString("\n")
		}
		for _, u := range p.Conditional {
			fmt.Fprintf(&b, "      %s on %s depended on %s\n", u.Action, u.Resource, strings.Join(u.Keys, ", "))
		}
	}
	for i, l := range s.LeftOut {
		if i == 0 {
			b.WriteString("left out\n")
		}
		fmt.Fprintf(&b, "  %s: %s; %d requests\n", cmp.Or(l.Principal, "-"), l.Cause, l.Requests)
	}
	return b.String()
}
