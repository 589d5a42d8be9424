package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/session"
)

// tokens is the answer with a token (Distribution, "Token Authentication Specification" and
// "Token Authentication OAuth2"). Clients read token or access_token.
type tokens struct {
	Token        string `json:"token"`
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"` // seconds from issued_at
	IssuedAt     string `json:"issued_at"`  // RFC 3339
	RefreshToken string `json:"refresh_token,omitempty"`
}

// serveToken serves the token endpoint.
func (s *service) serveToken(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			s.Logger.Error("panic while serving the token endpoint", "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
			s.serveProblem(w, r, unavailable(Unavailable, "internal fault"))
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), s.deadline)
	defer cancel()
	q, p := readRequest(w, r)
	if p != nil {
		s.serveProblem(w, r, p)
		return
	}
	room := s.passwords
	if q.token() != "" {
		room = s.tokens
	}
	if !room.enter(ctx) {
		s.serveProblem(w, r, unavailable(Overloaded, overloadedMessage))
		return
	}
	defer room.leave()
	s.serveRequest(ctx, w, r, &q)
}

// serveRequest decides a request and answers it.
func (s *service) serveRequest(ctx context.Context, w http.ResponseWriter, r *http.Request, q *request) {
	now := time.Now()
	check, p := newCheckRequest(r, q, now)
	if p != nil {
		s.serveProblem(w, r, p)
		return
	}
	if s.Keys().Signer(now) == "" {
		s.serveProblem(w, r, unavailable(Unavailable, noKeyMessage))
		return
	}
	in, result := s.SignIn(ctx, check, q.service)
	if s.Record != nil && s.Record(ctx, result, time.Since(now)) != nil {
		s.serveProblem(w, r, unavailable(Unavailable, notLoggedMessage))
		return
	}
	if in == nil {
		s.serveResult(w, r, result)
		return
	}
	answer, outcome, err := issue(in, q, now)
	if err != nil {
		s.serveProblem(w, r, s.issueProblem(err, result))
		return
	}
	text, err := json.Marshal(answer) //nolint:gosec // the answer is the token
	if err != nil {
		s.serveProblem(w, r, unavailable(Unavailable, "internal fault"))
		return
	}
	s.observe(outcome)
	writeJSON(w, http.StatusOK, text)
}

// issue returns the token for a caller who may sign in. The caller of a session token gets
// this token again, and the caller of a refresh token one of the same session.
func issue(in *authz.SignIn, q *request, now time.Time) (answer *tokens, outcome Outcome, err error) {
	of, token, refresh := in.Caller.Session, q.token(), ""
	switch {
	case of != nil && q.refresh == "":
		outcome = Returned
	case of != nil:
		outcome = Refreshed
		token, err = in.Callers.SignSession(session.Access, of, now)
	default:
		outcome = Issued
		if of, token, err = newSession(in.Callers, in.Caller, in.Registry.Name, now); err != nil {
			return nil, "", err
		}
		if q.offline {
			refresh, err = in.Callers.SignSession(session.Refresh, of, now)
		}
	}
	return &tokens{
		Token: token, AccessToken: token, RefreshToken: refresh,
		ExpiresIn: int64(of.Expires.Sub(now) / time.Second), IssuedAt: now.UTC().Format(time.RFC3339),
	}, outcome, err
}

// newSession returns a new session of a caller at a registry, and its token.
func newSession(callers *identity.Authenticator, caller *identity.Caller, registry string, now time.Time) (of *session.Session, token string, err error) {
	if of, err = callers.NewSession(caller, registry, now); err != nil {
		return nil, "", err
	}
	token, err = callers.SignSession(session.Access, of, now)
	return of, token, err
}

// issueProblem returns the answer to a caller who may sign in and cannot have a session.
func (s *service) issueProblem(err error, result *authz.Result) *problem {
	if errors.Is(err, session.ErrNoKey) {
		return unavailable(Unavailable, noKeyMessage)
	}
	s.Logger.Warn("a caller who may sign in cannot have a session", "principal", result.Principal, "decisionId", result.ID, "error", err)
	return &problem{status: http.StatusForbidden, code: codeDenied, oauth: "invalid_grant", message: noSessionMessage, outcome: Denied}
}
