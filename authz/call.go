package authz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"extauthz/denialmessage"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/session"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/config"
)

// A Call is a call of an API of AWS: of Amazon ECR or of AWS STS.
type Call struct {
	*CheckRequest
	Signature *identity.Signature // nil for a call that is not signed
	Operation string              // such as "ecr:GetRepositoryPolicy"
	Account   string              // that the call names; "" for the caller's
	Region    string              // of the signature; "" for any
}

// Called is the caller of a call, and the registry that it is for.
type Called struct {
	Registry *policystore.Registry
	Caller   *identity.Caller        // nil for a call that is not signed
	Callers  *identity.Authenticator // that found the caller, and issues credentials
}

// CallDenied is the error of a call that policies do not allow.
type CallDenied struct{ Message string } // for the client

// Error returns the message.
func (e *CallDenied) Error() string { return e.Message }

// CallUnavailable is the error of a call that cannot be decided now.
type CallUnavailable struct{ Message string } // for the client

// Error returns the message.
func (e *CallUnavailable) Error() string { return e.Message }

// errUnsupported is the error of a registry that does not accept what the call needs.
func errUnsupported(source identity.Source) error {
	return fmt.Errorf("the registry does not accept credentials of the source %s", source)
}

// call begins the check of a call, and does the rest with do. A panic is an error.
func (c *Checker) call(call *Call, do func(k *check) error) (result *Result, err error) {
	own := ownCredential(call.CheckRequest)
	k := new(check)
	defer func() {
		if fault := recover(); fault != nil {
			result, err = newResult(own), &CallUnavailable{"internal fault"}
			result.unavailable("internal fault", fmt.Sprintf("panic while deciding a call: %v", fault))
		}
	}()
	k.start(c, own)
	k.result.Operation = call.Operation
	if !k.begin() {
		return k.result, &CallUnavailable{"the service cannot decide requests now"}
	}
	if !k.snapshot.AcceptsSessions() {
		k.result.unavailable("sign-in is not configured", "registries.yaml has no sessions")
		return k.result, &CallUnavailable{"sign-in is not configured"}
	}
	if err := do(k); err != nil {
		k.fail(err)
		return k.result, k.forClient(err)
	}
	k.result.Decision = Allowed
	return k.result, nil
}

// fail sets the decision of a call that has failed, unless it is set.
func (k *check) fail(err error) {
	if k.result.Reason != "" {
		return
	}
	k.result.Decision, k.result.Reason = decisionOf(err), err.Error()
	var failure *identity.Failure
	var denied *sts.AccessDenied
	switch {
	case errors.As(err, &failure):
		k.result.Reason = failure.Full()
		k.result.Source, k.result.Issuer, k.result.KeyID = failure.Source, failure.Issuer, failure.KeyID
	case errors.As(err, &denied):
		k.result.Reason += ": " + denied.Detail
	}
}

// decisionOf returns the decision on a call that has failed.
func decisionOf(err error) Outcome {
	is := func(target any) bool { return errors.As(err, target) }
	var failure *identity.Failure
	var denied *sts.AccessDenied
	switch {
	case is(&denied) && denied.IsExplicit:
		return ExplicitDeny
	case is(new(*CallDenied)), denied != nil:
		return ImplicitDeny
	case is(new(*CallUnavailable)), errors.Is(err, session.ErrNoKey), is(&failure) && failure.Kind == identity.Unavailable:
		return Unavailable503
	case is(new(*identity.InvalidToken)), is(new(*identity.RejectedClaim)), failure != nil && failure.Source == string(identity.AccessKey):
		return Unauthenticated
	}
	return Refused
}

// A callError is the error of a call with the text that the client may see.
type callError struct {
	text string
	error
}

func (e *callError) Error() string { return e.text }
func (e *callError) Unwrap() error { return e.error }

// forClient returns an error whose text is for the client.
func (k *check) forClient(err error) error {
	var failure *identity.Failure
	var denied *sts.AccessDenied
	switch {
	case errors.As(err, &denied): // of a token too
		return &CallDenied{k.detail(denied.Reason)}
	case errors.As(err, &failure) && failure.Source == string(identity.AccessKey):
		return &callError{failure.Reason, err} // of AWS's errors about signatures
	case errors.As(err, &failure):
		return &callError{k.detail(failure.Reason), err}
	}
	return err
}

// detail returns a reason, if the registry lets clients see it.
func (k *check) detail(reason string) string {
	if k.registry != nil && k.registry.Detail != config.FullDetail {
		return "the request is denied"
	}
	return reason
}

// authenticateCall finds the caller of a signed call. It does not depend on a registry.
func (k *check) authenticateCall(ctx context.Context, call *Call) (*identity.Caller, error) {
	caller, failure := k.snapshot.Callers.Authenticate(ctx, &identity.Config{Sources: []identity.Source{identity.AccessKey}},
		&identity.Credentials{Signature: call.Signature, Time: call.Time, ClientAddress: call.Peer})
	if failure != nil {
		return nil, failure
	}
	return caller, nil
}

// findCalled finds the registry of a call, and sets what does not depend on the caller. account is
// that of the registry, unless the client has called the host of another.
func (k *check) findCalled(host, account, region string) error {
	registry, err := k.snapshot.RegistryFor(host, account, region)
	if err != nil {
		return err
	}
	k.registry, k.result.Registry = registry, registry.Name
	if !k.checkHeaders() || !k.findClient() {
		return errors.New(k.result.Reason)
	}
	return nil
}

// called returns the caller and the registry.
func (k *check) called() *Called { return &Called{k.registry, k.caller, k.snapshot.Callers} }

// CallECR decides a call of Amazon ECR on some repositories of a registry: on "*" for all of them
// together, or on the registry itself if there are none. Each is decided by the action of the
// operation, by all policies that apply to it in AWS. The error is for the client, and says why the
// call is not allowed: a *[CallDenied], a *[CallUnavailable], the *[identity.Failure] of the
// signature, or another for an invalid call. CallECR never panics.
func (c *Checker) CallECR(ctx context.Context, call *Call, repositories ...string) (called *Called, result *Result, err error) {
	result, err = c.call(call, func(k *check) error {
		caller, err := k.authenticateCall(ctx, call)
		if err != nil {
			return err
		}
		if err := k.findCalled(call.Host, cmp.Or(call.Account, caller.Principal.Account), call.Region); err != nil {
			return err
		}
		k.setCaller(caller)
		for _, source := range []identity.Source{identity.AccessKey, identity.SessionToken} {
			if !k.snapshot.Callers.Accepts(&k.registry.Authentication, source) {
				return errUnsupported(source)
			}
		}
		if err := k.decideCall(call.Operation, repositories); err != nil {
			return err
		}
		called = k.called()
		return nil
	})
	return called, result, err
}

// decideCall decides an action on repositories.
func (k *check) decideCall(action string, repositories []string) error {
	k.image = k.context
	if len(repositories) == 0 {
		return k.permit(mapping.Permission{Action: action, Resource: "*"}, "")
	}
	for _, name := range repositories {
		if err := k.permit(mapping.Permission{Action: action, Resource: k.registry.RepositoryARN(name)}, name); err != nil {
			return err
		}
		k.result.Repository = name
	}
	return nil
}

// RepositoryNotFound is the error of a call on a repository that does not exist, or whose existence
// is hidden from the caller.
type RepositoryNotFound struct{ Name, Account string }

// Error returns AWS's message.
func (e *RepositoryNotFound) Error() string {
	return fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", e.Name, e.Account)
}

// permit returns an error unless policies allow a permission. repository is that of the resource,
// "" for none.
func (k *check) permit(p mapping.Permission, repository string) error {
	if k.isPermitted(p) {
		return nil
	}
	reason := k.denialReason()
	k.result.Decision, k.result.Reason = ImplicitDeny, reason
	if k.result.last().Decision == iam.ExplicitDeny {
		k.result.Decision = ExplicitDeny
	}
	if repository != "" && repository != "*" && k.isHidden(&mapping.Mapping{Repository: repository}) {
		k.result.Repository = repository
		return &RepositoryNotFound{repository, k.registry.Account}
	}
	return &CallDenied{k.callMessage(reason)}
}

// isPermitted reports whether policies allow a permission. A denial has its reason.
func (k *check) isPermitted(p mapping.Permission) bool {
	if k.evaluateOne(p) {
		return true
	}
	if k.omitReasons { // evaluate the same again, with the reason
		k.omitReasons, k.result.Evaluations = false, k.result.Evaluations[:len(k.result.Evaluations)-1]
		k.evaluateOne(p)
	}
	return false
}

// callMessage returns the message about the last denial, with as much detail as the registry
// allows, and with the encoded authorization message.
func (k *check) callMessage(reason string) string {
	message := k.visible(reason)
	if k.registry.Detail == config.NoDetail {
		message = "the request is denied"
	}
	if encoded := k.encodedMessage(); encoded != "" {
		message = strings.TrimSuffix(message, ".") + ". " + denialmessage.Sentence + encoded
	}
	return message
}
