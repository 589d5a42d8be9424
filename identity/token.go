package identity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"extauthz/capture"
	"extauthz/iam"
	"extauthz/oidc"
	"extauthz/sts"
)

// bearer returns the token of an Authorization header that is one Bearer token,
// "" for any other (RFC 6750, section 2.1).
func (a *attempt) bearer() (raw string, f *Failure) {
	scheme, credential, f := a.authorization()
	if f != nil || !strings.EqualFold(scheme, "bearer") {
		return "", f
	}
	if credential == "" {
		return "", invalid(Bearer, "the Bearer token is empty")
	}
	return credential, nil
}

// byBearer finds the caller by a Bearer token, which is verified here.
func (a *attempt) byBearer() (*Caller, *Failure) {
	raw, f := a.bearer()
	if raw == "" {
		return nil, f
	}
	return a.byToken(Bearer, raw, "")
}

// byToken finds the caller by a token that the source found, verified with its
// issuer's keys. role is the ARN of the role that the client names, "" for none.
func (a *attempt) byToken(source Source, raw, role string) (*Caller, *Failure) {
	if len(a.table.issuers) == 0 {
		return nil, invalid(source, "no issuer's tokens are accepted")
	}
	url, err := oidc.UnverifiedIssuer(raw, a.table.verifiers...)
	if err != nil {
		return nil, invalid(source, err.Error())
	}
	i := a.table.issuerAt(url)
	switch {
	case i == nil:
		return nil, a.table.unknownIssuer(source, url)
	case i.verifier.Keys == nil:
		return nil, invalid(source, onlyByEnvoy(i))
	}
	token, err := i.verifier.Verify(a.ctx, raw, i.audiences(a.rules), a.evidence.Time)
	if err != nil {
		return nil, i.tokenFailure(source, err)
	}
	return a.byClaims(source, i, token, role)
}

// unknownIssuer says whose a token is, and which issuer may have been meant.
func (t *Table) unknownIssuer(source Source, url string) *Failure {
	f := invalid(source, fmt.Sprintf("the token is of issuer %q, whose tokens are not accepted", short(url)))
	for _, i := range t.issuers {
		if strings.TrimSuffix(i.verifier.URL, "/") == strings.TrimSuffix(url, "/") {
			f.Detail = fmt.Sprintf("issuer %q is %q, which differs by the slash at its end; write it as the tokens have it", i.name, i.verifier.URL)
		}
	}
	return f
}

// onlyByEnvoy says why a token cannot be verified here.
func onlyByEnvoy(i *issuer) string {
	return fmt.Sprintf("tokens of issuer %q are verified by Envoy's jwt_authn only", i.name)
}

// byMetadata finds the caller by the claims that jwt_authn put into metadata.
// They count only where the Authorization header is one Bearer token and they
// are its payload: jwt_authn takes tokens from the query and from the middle of
// other headers too.
func (a *attempt) byMetadata() (*Caller, *Failure) {
	if len(a.evidence.Metadata) == 0 {
		return nil, nil
	}
	raw, f := a.bearer()
	if raw == "" {
		return nil, f
	}
	i, claims, f := a.table.issuerInMetadata(a.evidence.Metadata)
	if i == nil {
		return nil, f
	}
	token, err := i.verifier.Accept(claims, raw, i.audiences(a.rules), a.evidence.Time)
	if err != nil {
		return nil, i.tokenFailure(JWTAuthn, err)
	}
	return a.byClaims(JWTAuthn, i, token, "")
}

// issuerInMetadata finds the issuer whose metadata is there and is of a token of
// its own. Metadata that belongs to no issuer is no credential.
func (t *Table) issuerInMetadata(metadata map[string]any) (found *issuer, claims map[string]any, f *Failure) {
	stray := false
	for _, i := range t.issuers {
		value, present := metadata[i.metadata]
		if i.metadata == "" || !present {
			continue
		}
		object, _ := value.(map[string]any)
		switch iss, _ := oidc.Claims(object).Text("iss"); {
		case iss != i.verifier.URL:
			stray = true
		case found != nil:
			return nil, nil, invalid(JWTAuthn, fmt.Sprintf("jwt_authn verified tokens of two issuers, %q and %q", found.name, i.name))
		default:
			found, claims = i, object
		}
	}
	if found == nil && stray {
		return nil, nil, invalid(JWTAuthn, "the claims that jwt_authn verified are of another issuer than the one whose metadata they are")
	}
	return found, claims, nil
}

// tokenFailure is why a token that says it is the issuer's does not hold, or could
// not be judged. Its key is unknown then.
func (i *issuer) tokenFailure(source Source, err error) *Failure {
	f := invalid(source, err.Error())
	f.Issuer = i.name
	if errors.Is(err, oidc.ErrUnavailable) {
		f.Kind = Overloaded
	}
	return f
}

// byClaims finds the caller by a verified token: the session of the role that
// the client names, else of the issuer's role, else the principal that the
// token's claims are bound to.
func (a *attempt) byClaims(source Source, i *issuer, token *oidc.Token, role string) (*Caller, *Failure) {
	captures, matches := i.claims.match(token.Claims)
	if !matches {
		return nil, i.failure(source, token, i.unlikely(token.Claims))
	}
	if role == "" {
		role = i.role
	}
	t := &tokenHolder{entities: a.table.entities, source: source, issuer: i, token: token, captures: captures, context: a.evidence.Context}
	var caller *Caller
	var err error
	switch {
	case len(i.bindings) > 0:
		caller, err = t.bound(role)
	case role != "":
		caller, err = t.webIdentity(role)
	default:
		err = fmt.Errorf("issuer %q has no role of its own; log in as ACCOUNT/ROLE, with the token as password", i.name)
	}
	if err != nil {
		return nil, i.failure(source, token, err)
	}
	caller.Issuer, caller.KeyID = i.name, token.KeyID
	return caller, nil
}

// failure is why a token that holds proves nobody.
func (i *issuer) failure(source Source, token *oidc.Token, err error) *Failure {
	f := unproven(source, err)
	f.Issuer, f.KeyID = i.name, token.KeyID
	return f
}

// tokenHolder is who shows a verified token.
type tokenHolder struct {
	entities *sts.Entities
	source   Source
	issuer   *issuer
	token    *oidc.Token
	captures capture.Values // of the issuer's claims
	context  iam.Context    // condition keys of the request itself
}

// bound is the principal that the token is bound to or, where the client names
// a role, the session in which that principal assumes it.
func (t *tokenHolder) bound(role string) (*Caller, error) {
	caller, err := t.issuer.bound(t.source, t.token.Claims, t.entities)
	switch {
	case err != nil:
		return nil, err
	case caller == nil:
		return nil, t.issuer.unbound(t.token.Claims)
	}
	caller = caller.issuedAt(t.issued())
	if role == "" {
		return caller, nil
	}
	r, err := t.request(role)
	if err != nil {
		return nil, err
	}
	return t.proven(t.entities.AssumeRole(&caller.Caller, r))
}

// webIdentity is the session of the role that the token itself assumes.
func (t *tokenHolder) webIdentity(role string) (*Caller, error) {
	r, err := t.request(role)
	if err != nil {
		return nil, err
	}
	return t.proven(t.entities.AssumeRoleWithWebIdentity(t.issuer.provider, r))
}

// request asks for a session of the role, as the issuer says that its sessions are.
func (t *tokenHolder) request(role string) (*sts.Request, error) {
	tags, err := tagsFrom(t.issuer.tagClaims, t.token.Claims)
	if err != nil {
		return nil, err
	}
	return &sts.Request{
		Role: role, SessionName: t.issuer.session.Expand(t.captures), Token: t.token, Tags: tags,
		Policies: t.issuer.policies, Context: t.context, IssuedAt: t.issued(),
	}, nil
}

// proven is the session, proven by the token.
func (t *tokenHolder) proven(session sts.Caller, err error) (*Caller, error) {
	if err != nil {
		return nil, err
	}
	return &Caller{Caller: session, Source: t.source.String()}, nil
}

// issued is when the sessions of the token begin. A token that does not say when
// it was issued is as old as can be, so that sessions revoked by their age
// (aws:TokenIssueTime) stay so.
func (t *tokenHolder) issued() time.Time {
	switch {
	case !t.token.IssuedAt.IsZero():
		return t.token.IssuedAt
	case !t.token.NotBefore.IsZero():
		return t.token.NotBefore
	}
	return time.Unix(0, 0)
}
