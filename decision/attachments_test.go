package decision

import (
	"testing"

	"extauthz/iam"
)

// attachments are policies by what they are attached to, as maps that tests change.
type attachments struct {
	Identity, Boundary   map[string][]*iam.Policy // by the ARN of a user or role
	Repository, Registry map[string][]*iam.Policy
	Organization         *iam.OrganizationPolicies
}

// policies returns the policies as an engine uses them.
func (a attachments) policies(t testing.TB) Policies {
	t.Helper()
	p := Policies{Registries: a.Registry, Organization: a.Organization}
	attach := func(arn string) {
		attached, err := Attach(a.Identity[arn], a.Boundary[arn], nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Principals = p.Principals.With(nil, []Entry[*Attached]{{Name: arn, Value: attached}})
	}
	for arn := range a.Identity {
		attach(arn)
	}
	for arn := range a.Boundary {
		attach(arn)
	}
	var changes []Entry[*[1]*iam.Policy]
	for arn, policies := range a.Repository {
		changes = append(changes, Entry[*[1]*iam.Policy]{Name: arn, Value: (*[1]*iam.Policy)(policies)})
	}
	p.Repositories = p.Repositories.With(nil, changes)
	return p
}
