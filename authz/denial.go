package authz

import (
	"context"
	"fmt"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore/config"
)

// authenticationFailed sets the result of a request without a caller.
func (k *check) authenticationFailed(f *identity.Failure) {
	k.result.Source, k.result.User = f.Source, f.User
	k.result.Issuer, k.result.KeyID = f.Issuer, f.KeyID
	switch f.Kind {
	case identity.Unavailable:
		k.result.unavailable("the credential cannot be checked", f.Full()) // which may contain names of internal servers
	case identity.RateLimited:
		k.result.rateLimited(f.Reason)
	case identity.Invalid, identity.Anonymous:
		visible := ""
		if k.registry.Detail == config.FullDetail {
			visible = f.Reason
		}
		k.result.Decision, k.result.Reason = Unauthenticated, f.Full()
		k.challenge(visible, f.IsInvalidToken(), "")
	}
}

// deny sets the result of a request that policies deny, with the reason for each decision.
func (k *check) deny(ctx context.Context, m *mapping.Mapping) {
	if k.omitReasons { // evaluate the same again, with reasons
		k.omitReasons = false
		k.evaluate(context.Background(), m)
	}
	reason := k.denialReason()
	if m.Operation == mapping.CheckAPI {
		k.denyLogin(ctx, m, reason)
	} else {
		k.denyRequest(ctx, m, reason)
	}
}

// denyLogin sets the result of a request for /v2/ whose caller may not log in. A dry run is not a
// login, so its answer is that to every other denial.
func (k *check) denyLogin(ctx context.Context, m *mapping.Mapping, reason string) {
	k.result.Decision, k.result.Reason = Unauthenticated, reason
	if k.result.DryRun {
		k.result.answerError(403, k.denialEntry(ctx, m, reason))
		return
	}
	k.challenge(k.visible(reason), false, k.encodedMessage())
}

// denyRequest sets the result of a request to a repository or to the catalog.
//
// An anonymous caller gets a challenge, because with a credential it might be allowed, and
// some clients send theirs only after a challenge. If the repository is hidden, even the
// challenge contains no reason: the denied action and the policy that denies it would show
// whether the repository exists.
func (k *check) denyRequest(ctx context.Context, m *mapping.Mapping, reason string) {
	k.result.Decision, k.result.Reason = ImplicitDeny, reason
	if k.result.last().Decision == iam.ExplicitDeny {
		k.result.Decision = ExplicitDeny
	}
	hidden := k.isHidden(m)
	switch {
	case hidden && k.isAnonymous():
		k.challenge("", false, "")
	case hidden:
		k.result.Answer = unknownRepository(m.Repository)
	case k.isAnonymous():
		k.challenge(k.visible(reason), false, "")
	default:
		k.result.answerError(403, k.denialEntry(ctx, m, reason))
	}
}

// isHidden reports whether the answer must not show whether the request's repository exists.
func (k *check) isHidden(m *mapping.Mapping) bool {
	return k.registry.HideExistence && m.Repository != "" && !k.mayRead(m.Repository)
}

// denialEntry returns the error of a denial, with as much detail as the registry allows.
func (k *check) denialEntry(ctx context.Context, m *mapping.Mapping, reason string) errorEntry {
	e, denied := errorEntry{Code: "DENIED", Message: k.visible(reason)}, k.result.last()
	switch k.registry.Detail {
	case config.FullDetail:
		e.Detail = errorDetail{Action: denied.Action, Resource: denied.Resource, Decision: denied.Decision.String()}
	case config.ActionDetail:
		e.Detail = errorDetail{Action: denied.Action}
	case config.NoDetail:
		e.Message = "requested access to the resource is denied"
	}
	e.encoded = k.encodedMessage()
	if k.result.DryRun {
		e.Code, e.Detail.Permissions = dryRunDenied, k.dryRunPermissions(ctx, m)
	}
	return e
}

// visible returns the part of the reason for the last denial that the client may see.
func (k *check) visible(reason string) string {
	switch k.registry.Detail {
	case config.FullDetail:
		return reason
	case config.ActionDetail:
		return "not authorized to perform: " + k.result.last().Action
	case config.NoDetail:
	}
	return ""
}

// denialReason returns the reason for the last denial in the words of AWS's own messages
// (IAM User Guide, "Troubleshoot access denied error messages").
func (k *check) denialReason() string {
	denied := k.result.last()
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s%s",
		nameOf(&k.caller.Principal), denied.Action, denied.Resource, because(denied))
}

func because(denied *Evaluation) string {
	class := denied.Reason.BlockedBy
	switch {
	case denied.Reason.Exhausted:
		return " because evaluating the policies takes more steps than one decision may take"
	case class == iam.NoClass:
		return ""
	case denied.Decision != iam.ExplicitDeny:
		return fmt.Sprintf(" because no %s allows the %s action", class, denied.Action)
	case class == iam.IdentityClass:
		return fmt.Sprintf(" with an explicit deny in an %s", class)
	}
	return fmt.Sprintf(" with an explicit deny in a %s", class)
}

// nameOf returns the name of a principal in messages and in the log.
func nameOf(p *iam.Principal) string {
	if p.Kind == iam.Anonymous {
		return "anonymous"
	}
	return p.ARN
}

// mayRead reports whether the caller may log in, if the registry requires that of each
// request, and may read images of the repository or the image that the request is about.
func (k *check) mayRead(repository string) bool {
	if !k.registry.AuthorizationTokenOnlyAtLogin && k.canLogIn() && !k.may(login()) {
		return false
	}
	return k.may(mapping.Permission{Action: mapping.BatchGetImage, Resource: k.registry.RepositoryARN(repository)})
}

// may reports whether the caller has a permission in the context of the last evaluation.
func (k *check) may(p mapping.Permission) bool {
	r := newIAMRequest(k.registry, k.caller, p.Action, p.Resource, k.image)
	return k.snapshot.Decisions.Decide(&r, k.caller.SessionPolicies) == iam.Allowed
}

// challenge sets an answer that requires a credential. reason is the part of the reason
// that the client may see, "" for none. badToken means that the client sent an invalid
// token. encoded is an encoded authorization message, "" for none.
func (k *check) challenge(reason string, badToken bool, encoded string) {
	message := "authentication required"
	if reason != "" {
		message += ": " + reason
	}
	k.result.answerError(401, errorEntry{Code: "UNAUTHORIZED", Message: message, encoded: encoded},
		mapping.Header{Name: "www-authenticate", Value: k.challengeHeader(badToken)})
}

// challengeHeader returns the challenge of the registry: for a Basic credential (RFC 7617)
// or for a token (RFC 6750, section 3; Distribution, "Token Authentication"). Its text is
// configuration, except the names of repositories, and is valid between quotes.
func (k *check) challengeHeader(badToken bool) string {
	c := &k.registry.Challenge
	if !c.Bearer() {
		return `Basic realm="` + c.Realm + `", charset="UTF-8"`
	}
	text := `Bearer realm="` + c.Realm + `",service="` + c.Service + `"`
	if m, refusal := k.registry.Map(&k.request.HTTPRequest); refusal == nil && m.TokenScope() != "" {
		text += `,scope="` + m.TokenScope() + `"`
	}
	if badToken {
		text += `,error="invalid_token"`
	}
	return text
}
