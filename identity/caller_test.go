package identity

import (
	"sync"
	"testing"
	"time"

	"extauthz/iam"
)

// The keys of principals alone; what comes with a session, bindings' tests have.
func TestCallerKeys(t *testing.T) {
	for _, c := range []struct {
		name      string
		principal iam.Principal
		want      map[string]string
	}{
		{"user", iam.Principal{Kind: iam.User, ARN: aliceARN, Account: "123456789012"}, map[string]string{
			"aws:PrincipalArn": aliceARN, "aws:PrincipalType": "User", "aws:username": "alice",
			"aws:PrincipalAccount": "123456789012", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false", "aws:userid": ""}},
		{"role session", ci, map[string]string{
			"aws:PrincipalArn": role + "team/ci", "aws:PrincipalType": "AssumedRole", "aws:username": "", "aws:MultiFactorAuthPresent": "false",
			"aws:PrincipalAccount": "123456789012", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}},
		{"nobody", iam.Principal{}, map[string]string{"aws:PrincipalArn": "", "aws:PrincipalAccount": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkKeys(t, NewEntities(nil).newCaller("basic", c.principal, attributes{}).Context, c.want)
		})
	}
}

// A caller that requests share is not changed by any of them: each has its own
// time, whatever the others do at once.
func TestSharedCallersStayApart(t *testing.T) {
	table := bindable(t, Binding{Kind: URI, Name: "ci", Principal: ciARN}).build(t)
	r := rules()
	r.PrincipalKind = URI
	callers := make([]*Caller, 50)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			callers[i], _ = table.Identify(t.Context(), r, &Evidence{Principal: "ci", Time: now.Add(time.Duration(i) * time.Second)})
		})
	}
	all.Wait()
	for i, caller := range callers {
		checkKeys(t, caller.Context, map[string]string{"aws:TokenIssueTime": now.Add(time.Duration(i) * time.Second).Format(time.RFC3339)})
	}
}
