package authz

import (
	"context"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore/config"
)

// dryRunPrefix precedes the path of a dry run. A dry run is a path and not a header, because a
// header that a proxy removes or does not know would let the request through, while no registry
// serves this path.
const dryRunPrefix = "/dry-run"

// The answers to a dry run (Amazon ECR User Guide, "Checking That Users Have the Required
// Permissions"; Amazon EC2 API Reference, "Error codes").
const (
	dryRunAllowed        = "DryRunOperation"
	dryRunDenied         = "UnauthorizedOperation"
	dryRunAllowedMessage = "Request would have succeeded, but DryRun flag is set."
)

// findDryRun makes the request a dry run if its path has the prefix. What follows is the path of
// the request that is decided. Only this exact prefix counts. The mapping refuses every other
// path that does not begin with /v2.
func (k *check) findDryRun() {
	if !k.registry.DryRun || !strings.HasPrefix(k.request.Path, dryRunPrefix+"/") {
		return
	}
	tried := *k.request
	tried.Path = k.request.Path[len(dryRunPrefix):]
	k.request, k.result.DryRun = &tried, true
	k.omitReasons = false // a log contains the reasons, whatever the decision is
}

// answerDryRun answers a dry run of a request that is allowed.
func (k *check) answerDryRun(ctx context.Context, m *mapping.Mapping) {
	e := errorEntry{Code: dryRunAllowed, Message: dryRunAllowedMessage}
	if !k.isHidden(m) {
		e.Detail.Permissions = k.dryRunPermissions(ctx, m)
	}
	k.result.answerError(412, e)
}

// dryRunPermission is the decision on a permission in the detail of an answer to a dry run.
type dryRunPermission struct {
	Action   string `json:"action"`
	Resource string `json:"resource,omitempty"`
	Decision string `json:"decision"`
	Optional bool   `json:"optional,omitempty"` // a denial changes the request and does not refuse it
}

// dryRunPermissions returns the decision on each permission that the request needs, also on those
// after the first that is denied. It leaves out what the registry hides: everything, or the
// resources and the kind of a denial, or the source of a mount. It returns nil if ctx ends.
func (k *check) dryRunPermissions(ctx context.Context, m *mapping.Mapping) (list []dryRunPermission) {
	if k.registry.Detail == config.NoDetail || m.Operation == mapping.CheckAPI && !k.canLogIn() {
		return nil
	}
	evaluations, requests, image := k.result.Evaluations, k.requests, k.image
	k.result.Evaluations, k.requests = nil, nil
	defer func() { k.result.Evaluations, k.requests, k.image = evaluations, requests, image }()
	if k.requiresLogin(m) {
		k.evaluateOne(login())
	}
	for i := range 1 + len(m.Tags) {
		k.image = imageContext(k.context, m, i)
		for _, p := range m.Permissions {
			if ctx.Err() != nil {
				return nil
			}
			k.evaluateOne(p)
		}
	}
	for i := range k.result.Evaluations {
		e := &k.result.Evaluations[i]
		if e.Optional && k.registry.HideExistence {
			continue
		}
		if p := k.dryRunPermission(e); !slices.Contains(list, p) { // each tag has the same actions
			list = append(list, p)
		}
	}
	return list
}

// dryRunPermission returns the part of an evaluation that the client may see.
func (k *check) dryRunPermission(e *Evaluation) dryRunPermission {
	p := dryRunPermission{e.Action, e.Resource, e.Decision.String(), e.Optional}
	if k.registry.Detail == config.ActionDetail {
		p.Resource = ""
		if e.Decision != iam.Allowed {
			p.Decision = "denied"
		}
	}
	return p
}
