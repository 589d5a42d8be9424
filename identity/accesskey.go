package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/accesskey"
	"extauthz/identity/nametemplate"
	"extauthz/identity/session"
	"extauthz/identity/sts"
)

// AccessKey authenticates by the signature of a request to an API of AWS, with the access key
// of a user or with temporary credentials.
const AccessKey Source = "accessKey"

// AccessKeyID is the id of an access key in the file of access keys.
const AccessKeyID NameKind = "accessKey"

func accessKeySource() source {
	usable := func(auth *Authenticator) bool { return auth.sessions != nil || auth.binds(AccessKeyID) }
	return source{
		name: AccessKey, authenticate: attempt.bySignature, isDefault: usable, isUsable: usable,
		missing: "no credential with accessKey, and registries.yaml no sessions",
		kinds: []nameKind{{
			name: AccessKeyID, source: AccessKey, bind: (*Authenticator).bindAccessKey,
			compile: (*Authenticator).compileAccessKey, offline: attempt.offlineAccessKey,
		}},
	}
}

// accessKeys are the access keys of users.
type accessKeys struct {
	file    *accesskey.File     // nil if it has a fault, or does not exist
	misses  bool                // the file has a fault
	of      map[string][]string // the ids of bound keys, by user
	unknown accesskey.Key       // with whose secret the signature of an unknown key is compared
}

// SetAccessKeys sets the file of access keys, before the first binding. nil means that it has
// a fault: then bindings can be checked, but no access key is accepted.
func (auth *Authenticator) SetAccessKeys(file *accesskey.File) {
	auth.keys.file, auth.keys.misses = file, file == nil
}

// compileAccessKey compiles the id of an access key, which must have a line in the file.
func (auth *Authenticator) compileAccessKey(text string) (*nametemplate.Pattern, error) {
	p, err := nametemplate.CompilePattern(text)
	if err == nil && !auth.keys.misses && auth.keys.file.Secret(text) == "" {
		return p, diag.Problemf("access key %s has no line in access-keys", text).WithRemedy("create a key with `extauthz access-key create`")
	}
	return p, err
}

// bindAccessKey adds the binding of an access key to a user. As in IAM, only users have access
// keys, and each at most two.
func (auth *Authenticator) bindAccessKey(b *Binding) error {
	p, err := sts.ParsePrincipal(b.Principal)
	switch {
	case !accesskey.IsID(b.Name, accesskey.LongTerm): // it may be a secret
		return diag.Problemf("accessKey is not the id of an access key").WithRemedy("write AKIA and its 16 other characters; a pattern is not possible")
	case err == nil && p.Kind != iam.User:
		return diag.Problemf("access key %s is bound to %q, which is not an IAM user", b.Name, b.Principal).WithRemedy("bind it to a user, who can assume a role")
	case err == nil && len(auth.keys.of[b.Principal]) == accesskey.MaxPerUser:
		return diag.Problemf("user %q has more than %d access keys, the maximum that IAM allows", b.Principal, accesskey.MaxPerUser).WithRemedy("remove one")
	case b.SourceIdentity != "":
		return diag.Problemf("access key %s has a source identity, which only a session has", b.Name).WithRemedy("remove sourceIdentity")
	}
	if err := auth.bindName(b); err != nil {
		return err
	}
	auth.keys.of[b.Principal] = append(auth.keys.of[b.Principal], b.Name)
	return nil
}

// AccessKeysOf returns the ids of the access keys that are bound to a user.
func (auth *Authenticator) AccessKeysOf(user string) []string { return auth.keys.of[user] }

// UnboundAccessKeys returns the lines of the file of access keys that no binding maps to a
// user, in order.
func (auth *Authenticator) UnboundAccessKeys() []accesskey.Line {
	return slices.DeleteFunc(auth.keys.file.Lines(), func(l accesskey.Line) bool { return auth.exact[name{AccessKeyID, l.ID}] != nil })
}

// A Signature is the signature of a request, not verified yet.
type Signature struct {
	AccessKeyID  string
	SessionToken string // "" for a long-term access key
	// Check returns nil if the request is signed with the secret.
	Check func(secret string) error
}

var (
	// ErrUnknownAccessKey is the error of an access key that does not exist, or whose session
	// token is missing or not valid.
	ErrUnknownAccessKey = errors.New("the access key does not exist, or its session token is not valid")
	// ErrExpiredCredentials is the error of temporary credentials that have expired.
	ErrExpiredCredentials = errors.New("the temporary credentials have expired")
)

// bySignature finds the caller by the signature of the request. The caller is looked up only
// after the signature was verified. One signature is computed in every case, so that the time
// does not show whether an access key exists.
func (a attempt) bySignature() (*Caller, *Failure) {
	s := a.credentials.Signature
	if s == nil {
		return nil, nil
	}
	if s.SessionToken != "" {
		return a.byTemporaryCredentials(s)
	}
	secret := a.auth.keys.file.Secret(s.AccessKeyID)
	if secret == "" {
		return nil, a.unknownAccessKey(s, ErrUnknownAccessKey, "it has no line in access-keys")
	}
	id := strings.Clone(s.AccessKeyID) // which is in the file, and so not a secret
	if err := s.Check(secret); err != nil {
		return nil, badSignature(id, err)
	}
	found, f := a.named(AccessKey, name{AccessKeyID, id})
	if f != nil {
		f.KeyID, f.Cause = id, ErrUnknownAccessKey
		return nil, f
	}
	caller := *found.caller
	caller.KeyID = id
	return &caller, nil
}

// byTemporaryCredentials finds the caller by a session token and the signature.
func (a attempt) byTemporaryCredentials(s *Signature) (*Caller, *Failure) {
	if a.auth.sessions == nil {
		return nil, a.unknownAccessKey(s, ErrUnknownAccessKey, "registries.yaml has no sessions")
	}
	credentials, err := a.auth.sessions.Service.Open(s.AccessKeyID, s.SessionToken, a.credentials.Time)
	switch {
	case errors.As(err, new(*session.Expired)):
		return nil, a.unknownAccessKey(s, ErrExpiredCredentials, err.Error())
	case err != nil:
		return nil, a.unknownAccessKey(s, ErrUnknownAccessKey, err.Error())
	}
	if err := s.Check(credentials.SecretAccessKey); err != nil {
		return nil, badSignature(credentials.AccessKeyID, err)
	}
	caller, err := a.callerOfSession(credentials.Session)
	if err != nil {
		f := noPrincipal(AccessKey, err)
		f.KeyID, f.Cause = credentials.AccessKeyID, ErrUnknownAccessKey
		return nil, f
	}
	caller.Source, caller.Issuer, caller.KeyID = string(AccessKey), a.auth.sessions.Service.Issuer, credentials.AccessKeyID
	caller.Temporary = credentials
	return caller, nil
}

// unknownAccessKey returns the failure of an access key without a known secret, after a
// comparison with a secret that no one has.
func (a attempt) unknownAccessKey(s *Signature, cause error, detail string) *Failure {
	_ = s.Check(a.auth.keys.unknown.Secret) // for its time
	f := invalid(AccessKey, cause.Error())
	f.Detail, f.Cause = detail, cause
	return f
}

// badSignature returns the failure of an access key that exists.
func badSignature(id string, err error) *Failure {
	f := invalid(AccessKey, err.Error())
	f.KeyID, f.Cause = id, err
	return f
}

// offlineAccessKey authenticates the user of an access key without a signature.
func (a attempt) offlineAccessKey(c *OfflineCredential) (*Caller, error) {
	switch {
	case !a.auth.Accepts(a.config, AccessKey):
		return nil, notAccepted(AccessKey)
	case a.auth.keys.file.Secret(c.Name) == "":
		return nil, invalid(AccessKey, fmt.Sprintf("access key %q has no line in access-keys", c.Name))
	}
	return resultOf(a.named(AccessKey, name{AccessKeyID, c.Name}))
}

// NewCredentials returns temporary credentials of a caller that AWS STS issues by an operation.
// The session of the caller begins when its identity says, or now. An error means that the
// caller cannot have them: it is [session.ErrNoKey], a [session.TooLarge], or another.
func (auth *Authenticator) NewCredentials(o session.Operation, c *sts.CallerIdentity, expires, now time.Time) (*session.Credentials, error) {
	switch {
	case auth.sessions == nil:
		return nil, diag.Problemf("sessions are not configured").WithRemedy("add sessions to registries.yaml")
	case c.Principal.Kind == iam.Service:
		return nil, errors.New("an AWS service has no session")
	}
	begin := now
	if c.Spec != nil && !c.Spec.IssuedAt.IsZero() {
		begin = c.Spec.IssuedAt
	}
	s, err := auth.newSession(c, begin)
	if err != nil {
		return nil, err
	}
	s.Expires = expires
	return auth.sessions.Service.Seal(o, s, now)
}
