package access

import (
	"extauthz/iam"
	"extauthz/identity/sts"
	"extauthz/policystore"
)

// allKeys is every condition key: what a trust policy sees of a token is not known.
var allKeys = iam.KeySet{Prefixes: []string{""}}

// isBound reports whether the tokens of an issuer are bound to principals, and so do not
// assume roles themselves.
func (d *Directory) isBound(issuer string) bool {
	for i := range d.contents.Credentials {
		if d.contents.Credentials[i].Issuer == issuer {
			return true
		}
	}
	return false
}

// addIssuers adds the sessions of roles that tokens assume by sts:AssumeRoleWithWebIdentity.
func (l *callerList) addIssuers() error {
	for i := range l.contents.Issuers {
		issuer := &l.contents.Issuers[i]
		if l.isBound(issuer.Name) {
			continue
		}
		provider := sts.NewProvider(issuer.Name, issuer.Provider)
		for _, p := range l.contents.Principals {
			if p.Trust == nil {
				continue
			}
			by := &iam.Principal{Kind: iam.FederatedProvider, ARN: provider.PrincipalFor(p.Entity)}
			if err := l.addAssumed(p.Entity, issuer, by, nil, "sts:AssumeRoleWithWebIdentity", ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// addAssumedRoles adds the sessions of roles that principals assume by sts:AssumeRole: those
// that tokens are bound to.
func (l *callerList) addAssumedRoles() error {
	issuers := map[string]*policystore.TrustedIssuer{}
	for i := range l.contents.Issuers {
		issuers[l.contents.Issuers[i].Name] = &l.contents.Issuers[i]
	}
	for _, b := range l.bound {
		if b.Principal.Kind != iam.User && b.Principal.Kind != iam.AssumedRole {
			continue
		}
		for _, p := range l.contents.Principals {
			if p.Trust == nil {
				continue
			}
			if err := l.addAssumed(p.Entity, issuers[b.Credential.Name], &b.Principal, b.SessionPolicies, "sts:AssumeRole", b.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// addAssumed adds the sessions in which a principal assumes a role with a token of the issuer,
// unless the policies deny that to every token. through is the name of the principal that the
// token is bound to, "" for none.
func (l *callerList) addAssumed(role *sts.Entity, issuer *policystore.TrustedIssuer, by *iam.Principal, session []*iam.Policy, call, through string) error {
	r := iam.OpenRequest{Request: iam.Request{Principal: by, Action: call, Resource: role.ARN}, Unknown: allKeys}
	policies := l.snapshot.Decisions.Applicable(&r.Request, session)
	policies.Resource = []*iam.Policy{role.Trust}
	decided := policies.EvaluateOpen(&r)
	if decided.Allowed == iam.Never {
		return nil
	}
	callers, err := l.addRole(role, issuer.SessionPolicies, true)
	if err != nil {
		return err
	}
	how := Credential{Kind: "token", Name: issuer.Name, Place: issuer.Position.String(), Claims: issuer.Claims, Through: through, principal: role.ARN}
	for i := range decided.Matched {
		if m := &decided.Matched[i]; m.Class == iam.ResourceClass && m.Statement.Effect == iam.Allow {
			how.By = append(how.By, l.statement(m))
		}
	}
	for _, c := range callers {
		c.credentials = append(c.credentials, how)
	}
	return nil
}
