package identity

import (
	"sync"
	"testing"

	"time"

	"extauthz/iam/iamtest"
)

// A caller that requests share is not changed by any of them: each has its own
// time, whatever the others do at once.
func TestSharedCallersStayApart(t *testing.T) {
	auth := bindable(t, Binding{Kind: URI, Name: "ci", Principal: ciARN}).build(t)
	r := config()
	r.PrincipalKind = URI
	callers := make([]*Caller, 50)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			callers[i], _ = auth.Authenticate(t.Context(), r, &Credentials{Principal: "ci", Time: now.Add(time.Duration(i) * time.Second)})
		})
	}
	all.Wait()
	for i, caller := range callers {
		iamtest.CheckKeys(t, caller.Context, map[string]string{"aws:TokenIssueTime": now.Add(time.Duration(i) * time.Second).Format(time.RFC3339)})
	}
}
