package iam

import (
	"testing"

	"extauthz/diag"
)

// TestOrganizationBinds checks that the SCPs are those of the caller's account and
// the RCPs those of the resource's, and that an unknown account has the default ones.
func TestOrganizationBinds(t *testing.T) {
	scps := func(name string) ControlPolicies {
		return ControlPolicies{
			SCPs: [][]*Policy{{{Source: diag.File("scp " + name)}}}, RCPs: [][]*Policy{{{Source: diag.File("rcp " + name)}}},
		}
	}
	two := map[string]ControlPolicies{account: scps("one"), other: scps("two")}
	for _, test := range []struct {
		name             string
		accounts         map[string]ControlPolicies
		caller, resource string
		want             string
	}{
		{"one account", two, account, account, "scp one, rcp one"},
		{"the caller's and the resource's", two, account, other, "scp one, rcp two"},
		{"the other way round", two, other, account, "scp two, rcp one"},
		{"the resource's account is not a member", two, account, "333333333333", "scp one, none"},
		{"the caller's account is not a member", two, "333333333333", other, "none, rcp two"},
		{"no members", map[string]ControlPolicies{}, account, other, "none, none"},
		{"members not known", nil, account, other, "scp default, rcp default"},
		{"caller not known", two, "", other, "scp default, rcp two"},
		{"resource not known", two, account, "", "scp one, rcp default"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &OrganizationPolicies{Accounts: test.accounts, Default: scps("default"), ManagementAccount: "999999999999"}
			var p Policies
			o.Bind(&p, test.caller, test.resource)
			name := func(levels [][]*Policy) string {
				if len(levels) == 0 {
					return "none"
				}
				return levels[0][0].Source.File
			}
			if got := name(p.SCPs) + ", " + name(p.RCPs); got != test.want || p.ManagementAccount != "999999999999" {
				t.Errorf("%s, management account %q; want %s", got, p.ManagementAccount, test.want)
			}
		})
	}
	var p Policies
	if (*OrganizationPolicies)(nil).Bind(&p, account, other); p.SCPs != nil || p.RCPs != nil {
		t.Error("the nil organization has policies")
	}
}

// Source: AWS Organizations User Guide, "SCP evaluation" and "Resource control
// policies"; IAM User Guide, "Policy evaluation logic".
func TestOrganizationPolicies(t *testing.T) {
	identity := allow(t, IdentityPolicy)
	full, none, no := allow(t, ServiceControlPolicy), mute(t, ServiceControlPolicy), deny(t, ServiceControlPolicy)
	rcp := deny(t, ResourceControlPolicy)
	rcpFull := []*Policy{mustCompile(t, ResourceControlPolicy, identityStatement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`))}
	linked := &Principal{Kind: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForX/s", Account: account,
		RoleARN: "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}
	everyone := granting(t, `"*"`)
	for _, test := range []struct {
		name     string
		caller   *Principal
		policies Policies
		want     Decision
		blocked  Class
	}{
		{"every level allows", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, full}}, Allowed, NoClass},
		{"SCPs grant nothing", caller(User), Policies{SCPs: [][]*Policy{full, full}}, ImplicitDeny, IdentityClass},
		{"one level about another action", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, none, full}}, ImplicitDeny, SCPClass},
		{"one of a level's policies allows", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{append(none, full...)}}, Allowed, NoClass},
		{"a level without policies", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, {}}}, ImplicitDeny, SCPClass},
		{"deny at one level", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{append(no, full...), full}}, ExplicitDeny, SCPClass},
		{"SCPs cap direct grants", caller(User), Policies{Resource: everyone, SCPs: [][]*Policy{none}}, ImplicitDeny, SCPClass},
		{"SCPs bind the root user", caller(RootUser), Policies{Resource: everyone, SCPs: [][]*Policy{no}}, ExplicitDeny, SCPClass},
		{"management account is exempt from SCPs", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{no}, ManagementAccount: account}, Allowed, NoClass},
		{"service-linked role is exempt from SCPs", linked, Policies{Identity: identity, SCPs: [][]*Policy{no}}, Allowed, NoClass},
		{"SCPs do not bind services", caller(Service), Policies{Resource: everyone, SCPs: [][]*Policy{no}}, Allowed, NoClass},
		{"SCPs do not bind anonymous callers", caller(Anonymous), Policies{Resource: everyone, SCPs: [][]*Policy{no}}, Allowed, NoClass},

		{"RCP denies", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcp}}, ExplicitDeny, RCPClass},
		{"RCPFullAWSAccess changes nothing", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcpFull, {}}}, Allowed, NoClass},
		{"RCPs grant nothing", caller(User), Policies{RCPs: [][]*Policy{rcpFull}}, ImplicitDeny, IdentityClass},
		{"RCP denies against a direct grant", caller(User), Policies{Resource: everyone, RCPs: [][]*Policy{rcpFull, rcp}}, ExplicitDeny, RCPClass},
		{"RCPs bind anonymous callers", caller(Anonymous), Policies{Resource: everyone, RCPs: [][]*Policy{rcp}}, ExplicitDeny, RCPClass},
		{"RCPs bind services", caller(Service), Policies{Resource: everyone, RCPs: [][]*Policy{rcp}}, ExplicitDeny, RCPClass},
		{"management account is exempt from RCPs", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcp}, ManagementAccount: account}, Allowed, NoClass},
		{"other management account", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcp}, ManagementAccount: other}, ExplicitDeny, RCPClass},
		{"service-linked role is exempt from RCPs", linked, Policies{Identity: identity, RCPs: [][]*Policy{rcp}}, Allowed, NoClass},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Request{test.caller, pull, repoARN, nil}
			checkDecision(t, &test.policies, &r, test.want, test.blocked)
		})
	}
}
