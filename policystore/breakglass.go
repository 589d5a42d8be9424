package policystore

import (
	"cmp"
	"errors"
	"strings"

	"extauthz/iam"
)

// A break-glass policy is a managed policy for emergencies. Its name begins with
// breakGlassPrefix. Users, roles and groups may have its name among their policies while
// the file does not exist: adding the file puts the policy in force, and removing it ends
// that.
const breakGlassPrefix = "break-glass"

// isBreakGlass reports whether a reference is the name of a break-glass policy.
func isBreakGlass(reference string) bool {
	return strings.HasPrefix(reference, breakGlassPrefix) && namedFile.MatchString(managedPath(reference))
}

// managedPath returns the path of the managed policy with a name.
func managedPath(name string) string { return "managed/" + name + ".json" }

// isPrepared reports whether an error is about a reference to a break-glass policy that is
// not in force. Where a missing policy would allow more, as a boundary or a session policy,
// it is a fault like any other.
func isPrepared(kind iam.Kind, reference string, err error) bool {
	return kind == iam.IdentityPolicy && isBreakGlass(reference) && errors.As(err, new(missingPolicyError))
}

// breakGlass returns the names of the break-glass policies in force, in order. It reports
// those that are not attached: in an emergency, the file would have no effect. attached has
// the names of the policies of users, roles and groups. If something else has a fault, names
// may be missing from it.
func (c *compiler) breakGlass(attached map[string]bool) (names []string) {
	isComplete := cmp.Or(c.faults.Err(), c.follows) == nil
	for _, f := range c.others {
		name, isManaged := strings.CutPrefix(strings.TrimSuffix(f.Path, ".json"), "managed/")
		switch {
		case !isManaged || !isBreakGlass(name):
		case isComplete && !attached[name]:
			c.report(fault(f.Path, "the break-glass policy is not attached, so that it has no effect",
				"add "+name+" to the policies of a user, role or group in principals.yaml, or remove the file"))
		default:
			names = append(names, name)
		}
	}
	return names
}
