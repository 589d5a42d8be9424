package generate

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/decisionlog"
	"extauthz/iam"
	"extauthz/replay"
)

// A Collector collects the use of permissions from the decisions of logs.
type Collector struct {
	directory *replay.Policies // nil if it is not known
	uses      map[owner]map[permission]*use
	total     int // the permissions of all owners
	leftOut   map[string]*LeftOut

	from, until time.Time
	requests    int
}

// An owner is a user or role, to which identity policies can be attached.
type owner struct{ account, kind, name, partition string }

// ARN returns the ARN of the user or role. That of a role has no path, which the ARN of a
// session does not have either.
func (o owner) ARN() string {
	return iam.ARN{Partition: o.partition, Service: "iam", Account: o.account, Resource: o.kind + "/" + o.name}.String()
}

type permission struct{ action, resource string }

// A use is how a permission was used.
type use struct {
	requests int
	keys     map[string]bool // the condition keys on which it depended
}

// A LeftOut is use that no policy was generated for.
type LeftOut struct {
	Principal string `json:"principal"`
	Cause     string `json:"cause"`
	Requests  int    `json:"requests"`
	Line      int    `json:"line"` // of the first request
}

// maxPermissions and maxLeftOut limit the memory of a collector.
const (
	maxPermissions = 1 << 20
	maxLeftOut     = 10_000
)

// NewCollector returns a collector. directory decides each request again, so that only what it
// still allows is use, and condition keys are known; nil trusts the log.
func NewCollector(directory *replay.Policies) *Collector {
	return &Collector{directory: directory, uses: map[owner]map[permission]*use{}, leftOut: map[string]*LeftOut{}}
}

// assumeRole is the operation of AWS STS in which a caller uses a permission that is not in the
// actions of its line. Trust policies decide about it, too.
const assumeRole = "sts:AssumeRole"

// ErrTooMany is the error of logs with more different permissions than a collector has memory
// for.
var ErrTooMany = errors.New("the logs have more than a million different permissions")

// Add adds the use of a decision.
func (c *Collector) Add(e *decisionlog.Entry) error {
	if c.from.IsZero() || e.Time.Before(c.from) {
		c.from = e.Time
	}
	if e.Time.After(c.until) {
		c.until = e.Time
	}
	switch {
	case e.Decision != authz.Allowed || e.DryRun:
		return nil
	case e.Operation == assumeRole:
		c.leaveOut(e, "it assumed a role, and the log does not show by which statements; keep those that allow "+assumeRole)
		return nil
	case len(e.Actions) == 0:
		return nil
	}
	o, cause := ownerOf(e)
	if cause != "" {
		c.leaveOut(e, cause)
		return nil
	}
	c.requests++
	if c.directory == nil {
		for _, a := range e.Actions {
			if a.Decision == iam.Allowed {
				c.use(o, permission{a.Action, a.Resource}, nil)
			}
		}
	} else if cause := c.addDecided(o, e); cause != "" {
		c.leaveOut(e, cause)
	}
	if c.total > maxPermissions {
		return ErrTooMany
	}
	return nil
}

// addDecided adds what the directory still allows of a request. It returns why it adds nothing.
func (c *Collector) addDecided(o owner, e *decisionlog.Entry) (cause string) {
	verdict, err := c.directory.Decide(e)
	switch {
	case err != nil:
		return "it cannot be decided again: " + err.Error()
	case verdict.Decision != authz.Allowed:
		return "the policy directory does not allow it (" + verdict.Decision.String() + ")"
	}
	for i, a := range verdict.Result.Evaluations {
		if a.Decision == iam.Allowed {
			inputs := verdict.Result.Policies(i).Inputs(&verdict.Result.Requests[i])
			keys := inputs.Keys
			if inputs.Clock {
				keys = append(slices.Clip(keys), "aws:CurrentTime")
			}
			c.use(o, permission{a.Action, a.Resource}, keys)
		}
	}
	return ""
}

// use counts the use of a permission.
func (c *Collector) use(o owner, p permission, keys []string) {
	if c.uses[o] == nil {
		c.uses[o] = map[permission]*use{}
	}
	u := c.uses[o][p]
	if u == nil {
		u = &use{keys: map[string]bool{}}
		c.uses[o][p] = u
		c.total++
	}
	u.requests++
	for _, key := range keys {
		u.keys[key] = true
	}
}

func (c *Collector) leaveOut(e *decisionlog.Entry, cause string) {
	key := e.Principal + "\n" + cause
	if c.leftOut[key] == nil && len(c.leftOut) >= maxLeftOut {
		key = ""
	}
	if c.leftOut[key] == nil {
		l := &LeftOut{Principal: e.Principal, Cause: cause, Line: e.Line}
		if key == "" {
			l = &LeftOut{Cause: "other principals and causes", Line: e.Line}
		}
		c.leftOut[key] = l
	}
	c.leftOut[key].Requests++
}

// ownerOf returns the user or role whose policies the caller of a request has, or why it has
// none.
func ownerOf(e *decisionlog.Entry) (o owner, cause string) {
	arn := e.Principal
	if e.FederatedBy != "" {
		arn = e.FederatedBy
	}
	p, err := iam.ParsePrincipal(arn)
	if err != nil {
		return owner{}, "anonymous callers and services have no identity policies"
	}
	parsed, err := iam.ParseARN(arn)
	if err != nil {
		return owner{}, "its ARN is not valid"
	}
	segments := strings.Split(parsed.Resource, "/")
	switch o = (owner{account: parsed.Account, partition: parsed.Partition}); p.Kind { //nolint:exhaustive // others have no identity policies
	case iam.User:
		o.kind, o.name = "user", segments[len(segments)-1]
	case iam.AssumedRole:
		o.kind, o.name = "role", segments[1]
	case iam.FederatedUser:
		return owner{}, "the log does not say which user federates it"
	case iam.RootUser:
		return owner{}, "root users have no identity policies"
	default:
		return owner{}, "it has no identity policies"
	}
	return o, ""
}

// owners returns the owners in order.
func (c *Collector) owners() []owner {
	return slices.SortedFunc(maps.Keys(c.uses), func(a, b owner) int {
		return strings.Compare(a.account+"/"+a.kind+"/"+a.name, b.account+"/"+b.kind+"/"+b.name)
	})
}
