package identity

import (
	"errors"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/nametemplate"
	"extauthz/identity/sts"
)

// BasicAuth authenticates by HTTP Basic: by the password of a user, or by a token as
// the password.
const BasicAuth Source = "basic"

// BasicUser is a user of the password file.
const BasicUser NameKind = "basic"

func basicSource() source {
	return source{
		name: BasicAuth, authenticate: attempt.byBasic,
		kinds: []nameKind{{
			name: BasicUser, source: BasicAuth, bind: (*Authenticator).bindName,
			compile: (*Authenticator).compileUser, offline: attempt.offlineUser,
		}},
		isDefault: always,
		isUsable:  func(auth *Authenticator) bool { return auth.binds(BasicUser) || auth.verifiesTokens() },
		missing:   "no credential with basic, and no issuer with jwks", takesTokens: true,
	}
}

// compileUser compiles a pattern of users. A user that the pattern spells out must have
// a password; without one, it returns the pattern with an error.
func (auth *Authenticator) compileUser(text string) (*nametemplate.Pattern, error) {
	p, err := nametemplate.CompilePattern(text)
	if err == nil && auth.users != nil && p.Exact() && !auth.users.Has(p.Literal()) {
		return p, diag.Problemf("user %q has no line in htpasswd", p.Literal()).WithRemedy("add one with `htpasswd -B`")
	}
	return p, err
}

// byBasic finds the caller by HTTP Basic.
func (a attempt) byBasic() (*Caller, *Failure) {
	scheme, credential, f := a.authorization()
	if f != nil || !strings.EqualFold(scheme, "basic") {
		return nil, f
	}
	return a.cached(BasicAuth, credential, nil, func() (authentication, *Failure) { return a.byUserAndPassword(credential) })
}

// byUserAndPassword finds the caller by the credential of HTTP Basic. If the user name is
// AWS or names a role, the password is a token, as in `docker login -u AWS
// --password-stdin`.
func (a attempt) byUserAndPassword(credential string) (authentication, *Failure) {
	user, password, err := basic.ParseCredential(credential)
	if err != nil {
		return authentication{}, invalid(BasicAuth, err.Error())
	}
	if HasTokenPassword(user) {
		role, f := roleOfUser(a.config.Partition, user)
		if f != nil {
			return authentication{}, f
		}
		return a.byToken(BasicAuth, password, role)
	}
	caller, f := a.byPassword(user, password)
	if f != nil && a.auth.users.Has(user) {
		f.User = strings.Clone(user) // without the password, which is in the same string
	}
	return caller, f
}

// byPassword finds the caller by a user of the password file and its password. The limits
// on passwords apply to every address from which the password was not verified before.
func (a attempt) byPassword(user, password string) (authentication, *Failure) {
	login, err := a.auth.passwords.Verify(a.ctx, a.auth.users, user, password, a.credentials.ClientAddress)
	if err != nil {
		f := invalid(BasicAuth, err.Error())
		if errors.Is(err, basic.ErrOverloaded) {
			f.Kind = Unavailable
		}
		if errors.Is(err, basic.ErrTooManyFailures) {
			f.Kind = RateLimited
		}
		return authentication{}, f
	}
	found, f := a.named(BasicAuth, name{BasicUser, user})
	found.holds = func(a attempt) bool { return a.auth.passwords.HasVerified(login, a.credentials.ClientAddress) }
	return found, f
}

// tokenUser is the user name for a token as the password, without a role.
const tokenUser = "AWS"

// HasTokenPassword reports whether the password of a user is a token.
func HasTokenPassword(user string) bool { return user == tokenUser || strings.Contains(user, "/") }

// roleOfUser returns the ARN of the role that the user name of a token's password names
// as ACCOUNT/ROLE or ACCOUNT/PATH/ROLE; "" for the user AWS. A user name cannot contain
// a colon (RFC 7617), and so not an ARN.
func roleOfUser(partition, user string) (arn string, f *Failure) {
	if user == tokenUser {
		return "", nil
	}
	account, name, _ := strings.Cut(user, "/")
	if !iam.IsAccount(account) || !sts.IsPath(name+"/") {
		// The message does not repeat the name, which might be a password with a slash.
		return "", invalid(BasicAuth, "the user name has a slash and does not name a role; write ACCOUNT/ROLE or ACCOUNT/PATH/ROLE, with the account's 12 digits")
	}
	if err := sts.CheckRoleName(iam.LastSegment(name)); err != nil {
		return "", invalid(BasicAuth, err.Error())
	}
	return "arn:" + partition + ":iam::" + account + ":role/" + name, nil
}

// Users returns the users of the password file in the order of their lines.
func (auth *Authenticator) Users() []basic.User { return auth.users.Users() }

// UnboundUsers returns the users of the password file that no binding maps to a
// principal, in the order of their lines. A pattern does not map a user to a principal
// that does not exist.
func (auth *Authenticator) UnboundUsers() []basic.User {
	return slices.DeleteFunc(auth.Users(), func(u basic.User) bool {
		caller, err := auth.callerOf(name{BasicUser, u.Name})
		return caller != nil && err == nil
	})
}
