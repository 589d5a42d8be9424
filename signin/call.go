package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"uuid"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/signin/ecrapi"
	"extauthz/signin/sigv4"
)

// A protocol is the protocol of one of the APIs of AWS.
type protocol interface {
	// serve reads a call with a body, decides and answers it.
	serve(ctx context.Context, c *call)
	// refuse answers a call with an error.
	refuse(w http.ResponseWriter, id string, err error)
}

// A call is a call of an API of AWS.
type call struct {
	*service
	http.ResponseWriter
	request *http.Request
	api     protocol
	body    []byte
	now     time.Time
}

// Errors of calls, in addition to those of authz, identity and sigv4.
var (
	errTooLarge   = errors.New("the body is too large")
	errUnreadable = errors.New("the body cannot be read")
	errInternal   = &authz.CallUnavailable{Message: "internal fault"}
	errNotLogged  = &authz.CallUnavailable{Message: notLoggedMessage}
	errNoKey      = &authz.CallUnavailable{Message: noKeyMessage}
	errOverloaded = errors.New(overloadedMessage)
)

// serveCall serves the APIs of AWS, which have one path.
func (s *service) serveCall(w http.ResponseWriter, r *http.Request) {
	c := &call{service: s, ResponseWriter: w, request: r, now: time.Now()}
	switch media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); {
	case s.CallECR == nil:
	case media == ecrapi.ContentType:
		c.api = ecr{}
	case media == "application/x-www-form-urlencoded":
		c.api = awsSTS{}
	}
	if c.api == nil {
		s.observe(Refused)
		ecrapi.NewError(ecrapi.UnknownOperation, "the request is not one of Amazon ECR or AWS STS").Write(w, newRequestID())
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			s.Logger.Error("panic while serving a call", "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
			c.fail(Unavailable, errInternal)
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), s.deadline)
	defer cancel()
	if err := c.readBody(); err != nil {
		c.fail(Refused, err)
		return
	}
	c.api.serve(ctx, c)
}

// enter waits until the call may be decided, and reports whether it may; then leave of the gate must
// be called. Otherwise it was answered.
func (c *call) enter(ctx context.Context, room *gate) bool {
	if room.enter(ctx) {
		return true
	}
	c.fail(Overloaded, errOverloaded)
	return false
}

// newRequestID returns the ID of a request that was not decided.
func newRequestID() string { return uuid.NewV7().String() }

// readBody reads the body.
func (c *call) readBody() (err error) {
	c.body, err = io.ReadAll(http.MaxBytesReader(c.ResponseWriter, c.request.Body, maxBody))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return errTooLarge
	case err != nil:
		return errUnreadable
	}
	return nil
}

// fail answers a call that was not decided.
func (c *call) fail(outcome Outcome, err error) {
	c.observe(outcome)
	c.api.refuse(c.ResponseWriter, newRequestID(), err)
}

// signed returns a call as authz reads it, with the signature for a service of AWS.
func (c *call) signed(service string) (*authz.Call, error) {
	signature, err := sigv4.Parse(c.request, c.body, service, c.now)
	if err != nil {
		return nil, err
	}
	call, err := c.unsigned()
	if err != nil {
		return nil, err
	}
	call.Region = signature.Region
	call.Signature = &identity.Signature{AccessKeyID: signature.AccessKeyID, SessionToken: signature.SessionToken, Check: signature.Check}
	return call, nil
}

// unsigned returns a call without a signature as authz reads it.
func (c *call) unsigned() (*authz.Call, error) {
	check, p := newCheckRequest(c.request, new(request), c.now)
	if p != nil {
		return nil, &authz.CallDenied{Message: p.message}
	}
	return &authz.Call{CheckRequest: check}, nil
}

// record logs a decision, and reports whether the call has an answer. Otherwise it was answered.
func (c *call) record(ctx context.Context, result *authz.Result, err error) bool {
	switch {
	case c.Record != nil && c.Record(ctx, result, time.Since(c.now)) != nil:
		c.fail(Unavailable, errNotLogged)
		return false
	case err != nil:
		c.observe(outcomeOf(result))
		c.api.refuse(c.ResponseWriter, result.ID, err)
		return false
	}
	return true
}
