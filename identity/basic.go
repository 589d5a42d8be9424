package identity

import (
	"errors"
	"strings"

	"extauthz/identity/basic"
)

// byBasic finds the caller by HTTP Basic: a user of the password file or, where
// the user name is AWS or names a role, a token in the password's place, as in
// `docker login -u AWS --password-stdin`.
func (a *attempt) byBasic() (*Caller, *Failure) {
	scheme, credential, f := a.authorization()
	if f != nil || !strings.EqualFold(scheme, "basic") {
		return nil, f
	}
	user, password, err := basic.ParseCredential(credential)
	switch {
	case err != nil:
		return nil, invalid(BasicAuth, err.Error())
	case user == "AWS":
		return a.byToken(BasicAuth, password, "")
	case strings.Contains(user, "/"):
		role, f := namedRole(a.rules.Partition, user)
		if f != nil {
			return nil, f
		}
		return a.byToken(BasicAuth, password, role)
	}
	caller, f := a.byPassword(user, password)
	if f != nil && a.table.users.Has(user) {
		f.User = strings.Clone(user) // which would keep the password in memory
	}
	return caller, f
}

// byPassword finds the caller by a user of the password file and its password.
func (a *attempt) byPassword(user, password string) (*Caller, *Failure) {
	if err := a.table.passwords.Verify(a.ctx, a.table.users, user, password, a.evidence.ClientAddress); err != nil {
		f := invalid(BasicAuth, err.Error())
		if errors.Is(err, basic.ErrOverloaded) {
			f.Kind = Unavailable
		}
		if errors.Is(err, basic.ErrTooManyFailures) {
			f.Kind = RateLimited
		}
		return nil, f
	}
	return a.table.named(name{BasicUser, user}, a.evidence.Time)
}
