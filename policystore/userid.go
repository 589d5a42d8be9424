package policystore

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
)

// uniqueID is the form of the unique ids of users (AIDA…) and roles (AROA…)
// (IAM User Guide, "IAM identifiers").
var uniqueID = regexp.MustCompile(`^A(IDA|ROA)[A-Z0-9]{4,124}$`)

// userIDKey is the condition key that unique ids go into.
const userIDKey = "aws:userid"

// checkUserIDs refuses a policy that uses aws:userid in a statement that could apply
// to a registry request, while the id of some principal is not known. AWS always has
// that key, so that without it a Deny would be lost.
func (p *principals) checkUserIDs(policies []*iam.Policy) error {
	unknown := ""
	for _, arn := range slices.Sorted(maps.Keys(p.identity)) {
		if p.ids[arn] == "" {
			unknown = arn
			break
		}
	}
	for _, policy := range policies {
		if unknown != "" && policy.UsesKey(userIDKey) {
			return diag.New(policy.Source.At(diag.Point{}), fmt.Sprintf("uses %s, but principal %q has no id", userIDKey, unknown), "give every principal in principals.yaml its id, such as AIDACKCEVSQ6C2EXAMPLE")
		}
	}
	return nil
}

// checkNamedIDs refuses a policy that names a user or role of the directory by its
// unique id, as AWS prints one that was deleted and made anew: it would match nobody,
// and a Deny would be lost.
func (p *principals) checkNamedIDs(policies []*iam.Policy) error {
	arns := map[string]string{}
	for arn, id := range p.ids {
		if id != "" {
			arns[id] = arn
		}
	}
	for _, policy := range policies {
		for _, named := range policy.UniqueIDs() {
			if arn, found := arns[named.Text]; found {
				return diag.New(policy.Source.At(named.Position), fmt.Sprintf("%q is the unique id of %s, which matches nobody here", named.Text, arn), "write its ARN")
			}
		}
	}
	return nil
}
