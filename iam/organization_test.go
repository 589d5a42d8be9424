package iam

import "testing"

// TestOrganizationBinds holds that the caller's account has its SCPs, the
// resource's its RCPs, and what is not known both.
func TestOrganizationBinds(t *testing.T) {
	scps, rcps := [][]*Policy{allow(t, ServiceControlPolicy)}, [][]*Policy{deny(t, ResourceControlPolicy)}
	for _, test := range []struct {
		name             string
		members          map[string]bool
		caller, resource string
		scps, rcps       bool
	}{
		{"both are members", map[string]bool{account: true, other: true}, account, other, true, true},
		{"the caller is", map[string]bool{account: true}, account, other, true, false},
		{"the resource's account is", map[string]bool{other: true}, account, other, false, true},
		{"neither", map[string]bool{}, account, other, false, false},
		{"members not known", nil, account, other, true, true},
		{"caller not known", map[string]bool{other: true}, "", other, true, true},
		{"resource not known", map[string]bool{other: true}, account, "", false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &Organization{SCPs: scps, RCPs: rcps, ManagementAccount: "999999999999", Members: test.members}
			var p Policies
			o.Bind(&p, test.caller, test.resource)
			if (p.SCPs != nil) != test.scps || (p.RCPs != nil) != test.rcps || p.ManagementAccount != "999999999999" {
				t.Errorf("%d SCPs, %d RCPs, management account %q", len(p.SCPs), len(p.RCPs), p.ManagementAccount)
			}
		})
	}
	var p Policies
	if (*Organization)(nil).Bind(&p, account, other); p.SCPs != nil || p.RCPs != nil {
		t.Error("no organization binds")
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
		{"one level says nothing", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, none, full}}, ImplicitDeny, SCPClass},
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
