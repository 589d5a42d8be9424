package signin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/session"
	"extauthz/signin/ecrapi"
	"extauthz/signin/sigv4"
)

// ecr is the protocol of Amazon ECR.
type ecr struct{}

// serve serves an operation.
func (ecr) serve(ctx context.Context, c *call) {
	if !c.enter(ctx, c.calls) {
		return
	}
	defer c.calls.leave()
	call, err := c.signed("ecr")
	if err != nil {
		c.fail(Unauthenticated, err)
		return
	}
	r, problem := ecrapi.Parse(c.request.Header.Get("X-Amz-Target"), c.body)
	if problem != nil {
		c.observe(Refused)
		problem.Write(c.ResponseWriter, newRequestID())
		return
	}
	if r.Operation == ecrapi.GetAuthorizationToken && c.Keys().Signer(c.now) == "" {
		c.fail(Unavailable, errNoKey)
		return
	}
	call.Operation, call.Account = "ecr:"+string(r.Operation), r.Account
	repositories := r.Repositories
	if r.Operation == ecrapi.DescribeRepositories && len(repositories) == 0 {
		repositories = []string{"*"}
	}
	called, result, err := c.CallECR(ctx, call, repositories...)
	if !c.record(ctx, result, err) {
		return
	}
	answer, outcome, problem := c.answerECR(called, r)
	c.observe(outcome)
	if problem != nil {
		problem.Write(c.ResponseWriter, result.ID)
		return
	}
	answer.Write(c.ResponseWriter, result.ID)
}

// answerECR returns the answer to a request that is allowed.
func (c *call) answerECR(called *authz.Called, r *ecrapi.Request) (*ecrapi.Answer, Outcome, *ecrapi.Error) {
	if r.Operation == ecrapi.GetAuthorizationToken {
		return c.authorizationToken(called)
	}
	answer, problem := read(called, r)
	if problem != nil {
		return nil, Refused, problem
	}
	return answer, Answered, nil
}

// authorizationToken returns a session token of the caller. Its host is the one that the client has
// called, if it is one of the registry.
func (c *call) authorizationToken(called *authz.Called) (*ecrapi.Answer, Outcome, *ecrapi.Error) {
	of, token, err := newSession(called.Callers, called.Caller, called.Registry.Name, c.now)
	switch {
	case errors.Is(err, session.ErrNoKey):
		return nil, Unavailable, ecrError(errNoKey)
	case err != nil:
		c.Logger.Warn("a caller who may sign in cannot have a session", "principal", called.Caller.Principal.ARN, "error", err)
		return nil, Denied, ecrapi.NewError(ecrapi.AccessDenied, noSessionMessage)
	}
	host := called.Registry.Host()
	if called.Registry.Serves(c.request.Host) {
		host = strings.ToLower(c.request.Host)
	}
	return &ecrapi.Answer{AuthorizationData: []ecrapi.AuthorizationData{ecrapi.NewAuthorizationData(token, host, of.Expires)}}, Issued, nil
}

// read returns what the policy directory has.
func read(called *authz.Called, r *ecrapi.Request) (*ecrapi.Answer, *ecrapi.Error) {
	registry := called.Registry
	for _, name := range r.Repositories {
		if !registry.HasRepository(name) {
			return nil, ecrError(&authz.RepositoryNotFound{Name: name, Account: registry.Account})
		}
	}
	switch r.Operation {
	case ecrapi.GetRepositoryPolicy:
		name := r.Repositories[0]
		if text := registry.RepositoryPolicy(name); text != "" {
			return &ecrapi.Answer{RegistryID: registry.Account, RepositoryName: name, PolicyText: text}, nil
		}
		return nil, ecrapi.NewError(ecrapi.RepositoryPolicyNotFound, "Repository policy does not exist for the repository with name '"+name+"' in the registry with id '"+registry.Account+"'")
	case ecrapi.GetRegistryPolicy:
		if text := registry.RegistryPolicy(); text != "" {
			return &ecrapi.Answer{RegistryID: registry.Account, PolicyText: text}, nil
		}
		return nil, ecrapi.NewError(ecrapi.RegistryPolicyNotFound, "Registry policy does not exist in the registry with id '"+registry.Account+"'")
	case ecrapi.ListTagsForResource:
		return &ecrapi.Answer{Tags: ecrapi.NewTags(registry.RepositoryTags(r.Repositories[0]))}, nil
	case ecrapi.DescribeRepositories, ecrapi.GetAuthorizationToken:
	}
	return describe(called, r), nil
}

// describe returns the repositories that a request lists by name, or a page of all.
func describe(called *authz.Called, r *ecrapi.Request) *ecrapi.Answer {
	registry, names, next := called.Registry, r.Repositories, ""
	if len(names) == 0 {
		names = registry.Repositories()
		start, found := slices.BinarySearch(names, r.After)
		if found {
			start++
		}
		if names = names[start:]; len(names) > r.MaxResults {
			names = names[:r.MaxResults]
			next = ecrapi.NewToken(names[len(names)-1])
		}
	}
	list := make([]ecrapi.Repository, len(names))
	for i, name := range names {
		list[i] = ecrapi.Repository{ARN: registry.RepositoryARN(name), ID: registry.Account, Name: name, URI: registry.Host() + "/" + name}
	}
	return &ecrapi.Answer{Repositories: &list, NextToken: next}
}

// refuse answers a call with an error.
func (ecr) refuse(w http.ResponseWriter, id string, err error) {
	ecrError(err).Write(w, id)
}

// ecrError returns the error of Amazon ECR for an error.
func ecrError(err error) *ecrapi.Error {
	var signature *sigv4.Error
	kind := ecrapi.InvalidParameter
	switch {
	case errors.As(err, &signature):
		kind = ecrapi.Type(signature.Code.JSON())
	case errors.Is(err, identity.ErrExpiredCredentials):
		return ecrapi.NewError(ecrapi.Type(sigv4.Expired.JSON()), expiredMessage)
	case errors.Is(err, identity.ErrUnknownAccessKey):
		return ecrapi.NewError(ecrapi.Type(sigv4.Unknown.JSON()), unknownMessage)
	case errors.As(err, new(*authz.CallDenied)):
		kind = ecrapi.AccessDenied
	case errors.As(err, new(*authz.CallUnavailable)):
		kind = ecrapi.Server
	case errors.As(err, new(*authz.RepositoryNotFound)):
		kind = ecrapi.RepositoryNotFound
	case errors.Is(err, errTooLarge):
		kind = ecrapi.RequestTooLarge
	case errors.Is(err, errOverloaded):
		kind = ecrapi.Throttling
	}
	return ecrapi.NewError(kind, err.Error())
}

// AWS's messages about access keys. They are the same whether a key does not exist or has no user.
const (
	expiredMessage = "The security token included in the request is expired"
	unknownMessage = "The security token included in the request is invalid."
)
