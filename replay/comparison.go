package replay

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/decisionlog"
)

// A Change is how the access of a request changes.
type Change string

// The changes.
const (
	LostAccess  Change = "lost-access"  // what was allowed would be denied
	NewAccess   Change = "new-access"   // what was denied would be allowed
	OtherDenial Change = "other-denial" // what was denied would be denied in another way
)

// changeOf returns the change from one decision to another, "" if they are the same.
func changeOf(before, after authz.Outcome) Change {
	switch {
	case before == after:
		return ""
	case before == authz.Allowed:
		return LostAccess
	case after == authz.Allowed:
		return NewAccess
	}
	return OtherDenial
}

// A Comparison compares what the requests of logs got with what they would get.
type Comparison struct {
	new, old *Policies // old is nil for the recorded decisions
	report   Report
	groups   map[groupKey]*Group
	causes   map[Unable]*Cause
}

// NewComparison returns a comparison of the decisions by new with those by old or, if old is
// nil, with the recorded ones.
func NewComparison(new, old *Policies) *Comparison {
	return &Comparison{new: new, old: old, groups: map[groupKey]*Group{}, causes: map[Unable]*Cause{}}
}

// A Report is the result of a comparison.
type Report struct {
	From        time.Time `json:"from,omitzero"`  // the time of the earliest decision
	Until       time.Time `json:"until,omitzero"` // the time of the latest decision
	Replayed    int       `json:"replayed"`       // the requests that were decided again
	LostAccess  int       `json:"lostAccess"`
	NewAccess   int       `json:"newAccess"`
	OtherDenial int       `json:"otherDenial"`
	// RecordedOtherwise counts the requests whose recorded decision is not that of the old
	// policies, which are then not those that wrote the log. It is 0 without old policies.
	RecordedOtherwise int      `json:"recordedOtherwise"`
	Differences       []*Group `json:"differences"`
	// Ungrouped counts the requests with a difference beyond the limit on groups.
	Ungrouped   int      `json:"ungrouped"`
	NotReplayed []*Cause `json:"notReplayed"`
	// Lines counts the lines of the logs. The code that reads them sets it.
	Lines decisionlog.Counts `json:"lines"`
}

// Requests returns the number of requests with a change.
func (r *Report) Requests(c Change) int {
	switch c {
	case LostAccess:
		return r.LostAccess
	case NewAccess:
		return r.NewAccess
	case OtherDenial:
		return r.OtherDenial
	}
	return 0
}

// A Group is the requests of one principal for one action on one repository whose decision
// changes in the same way. Requests of all sessions of a role are one group.
type Group struct {
	Change     Change `json:"change"`
	Principal  string `json:"principal"`  // of sessions: with * instead of their names
	Action     string `json:"action"`     // that is denied before or afterwards
	Repository string `json:"repository"` // "" for an action on the registry
	Before     string `json:"before"`
	After      string `json:"after"`
	Requests   int    `json:"requests"`

	// Of the first request:
	Log          string    `json:"log"`
	Line         int       `json:"line"`
	DecisionID   string    `json:"decisionId"`
	Time         time.Time `json:"time"`
	BeforeReason string    `json:"beforeReason,omitempty"`
	AfterReason  string    `json:"afterReason,omitempty"`
}

type groupKey struct {
	change                        Change
	principal, action, repository string
	before, after                 authz.Outcome
}

// maxGroups is the limit on groups, which bounds the memory.
const maxGroups = 100_000

// A Cause is why some requests were not decided again.
type Cause struct {
	Cause    string `json:"cause"`
	Requests int    `json:"requests"`
	Log      string `json:"log"` // of the first of them
	Line     int    `json:"line"`
}

// maxCauses is the limit on the causes, some of which contain text of the log.
const maxCauses = 1000

// OtherCauses is the cause of requests beyond the limit on causes.
const OtherCauses Unable = "for other causes"

// Add compares the decisions on one request of a log.
func (c *Comparison) Add(log string, e *decisionlog.Entry) {
	r := &c.report
	if r.From.IsZero() || e.Time.Before(r.From) {
		r.From = e.Time
	}
	if e.Time.After(r.Until) {
		r.Until = e.Time
	}
	after, err := c.new.Decide(e)
	before := recorded(e)
	if err == nil && c.old != nil {
		if before, err = c.old.Decide(e); err == nil && before.Decision != e.Decision {
			r.RecordedOtherwise++
		}
	}
	var unable Unable
	switch {
	case errors.As(err, &unable):
		c.addCause(unable, log, e)
		return
	case err != nil:
		c.addCause(Unable(err.Error()), log, e)
		return
	}
	r.Replayed++
	if change := changeOf(before.Decision, after.Decision); change != "" {
		c.addDifference(change, before, after, log, e)
	}
}

// recorded returns the recorded decision.
func recorded(e *decisionlog.Entry) Verdict {
	v := Verdict{Decision: e.Decision, Reason: e.Reason}
	if n := len(e.Actions); n > 0 && e.Decision != authz.Allowed {
		v.Action = e.Actions[n-1].Action
	} else if n > 0 {
		v.Action = e.Actions[min(1, n-1)].Action
	}
	return v
}

func (c *Comparison) addCause(u Unable, log string, e *decisionlog.Entry) {
	if c.causes[u] == nil && len(c.causes) >= maxCauses {
		u = OtherCauses
	}
	cause := c.causes[u]
	if cause == nil {
		cause = &Cause{Cause: string(u), Log: log, Line: e.Line}
		c.causes[u] = cause
	}
	cause.Requests++
}

func (c *Comparison) addDifference(change Change, before, after Verdict, log string, e *decisionlog.Entry) {
	switch change {
	case LostAccess:
		c.report.LostAccess++
	case NewAccess:
		c.report.NewAccess++
	case OtherDenial:
		c.report.OtherDenial++
	}
	key := groupKey{change, groupOf(e.Principal), cmp.Or(after.Action, before.Action), e.Repository, before.Decision, after.Decision}
	if change == NewAccess {
		key.action = cmp.Or(before.Action, after.Action)
	}
	group := c.groups[key]
	switch {
	case group == nil && len(c.groups) >= maxGroups:
		c.report.Ungrouped++
		return
	case group == nil:
		group = &Group{
			Change: change, Principal: key.principal, Action: key.action, Repository: key.repository, Before: before.Decision.String(), After: after.Decision.String(),
			Log: log, Line: e.Line, DecisionID: e.DecisionID, Time: e.Time, BeforeReason: before.Reason, AfterReason: after.Reason,
		}
		c.groups[key] = group
	}
	group.Requests++
}

// groupOf returns a principal with * instead of the name of a role's session.
func groupOf(principal string) string {
	if strings.Contains(principal, ":assumed-role/") {
		return principal[:strings.LastIndexByte(principal, '/')+1] + "*"
	}
	return principal
}

// Report returns the result so far. Lost access is first, then new access; within these, the
// groups with the most requests are first.
func (c *Comparison) Report() *Report {
	r := c.report
	r.Differences, r.NotReplayed = []*Group{}, []*Cause{}
	for _, group := range c.groups {
		r.Differences = append(r.Differences, group)
	}
	order := []Change{LostAccess, NewAccess, OtherDenial}
	slices.SortFunc(r.Differences, func(a, b *Group) int {
		return cmp.Or(
			slices.Index(order, a.Change)-slices.Index(order, b.Change), b.Requests-a.Requests,
			strings.Compare(a.Principal, b.Principal), strings.Compare(a.Action, b.Action), strings.Compare(a.Repository, b.Repository),
			strings.Compare(a.Before, b.Before), strings.Compare(a.After, b.After))
	})
	for _, cause := range c.causes {
		r.NotReplayed = append(r.NotReplayed, cause)
	}
	slices.SortFunc(r.NotReplayed, func(a, b *Cause) int { return cmp.Or(b.Requests-a.Requests, strings.Compare(a.Cause, b.Cause)) })
	return &r
}
