package lint

import (
	"extauthz/diag"
	"extauthz/iam"
)

// Inspect returns the findings about one policy that need no other file, in any order.
func Inspect(d *iam.Document, policy *iam.Policy) diag.List {
	i := inspection{document: d, policy: policy}
	i.elements()
	i.sids()
	for n := range d.Statements {
		s, compiled := &d.Statements[n], &policy.Statements[n]
		i.deletedPrincipals(s)
		i.unknownActions(s)
		i.resourceForms(s, compiled)
		i.conditionForms(s, compiled)
	}
	return i.findings
}

// An inspection collects the findings about one policy.
type inspection struct {
	reporter
	document    *iam.Document
	policy      *iam.Policy
	suggestions int
}

func (i *inspection) reportAt(at diag.Point, code string, problem, remedy message) {
	i.report(i.document.Source.At(at), code, problem, remedy)
}

// hasVariables reports whether ${...} is a policy variable in this document. In the old
// version it is plain text.
func (i *inspection) hasVariables() bool { return i.policy.Version != oldVersion }

// The versions of the policy language.
const (
	oldVersion = "2008-10-17"
	newVersion = "2012-10-17"
)

// elements checks the document outside its statements.
func (i *inspection) elements() {
	kind := i.policy.Kind
	if kind.AttachesToIdentity() && !i.hasVariables() {
		i.reportAt(i.document.Version.At, "old-version",
			messagef("AWS accepts a new %v only in version %s", kind, newVersion),
			messagef("write \"Version\": %q", newVersion))
	}
	if i.document.IDAt != (diag.Point{}) && !kind.HasPrincipal() {
		i.reportAt(i.document.IDAt, "id-element",
			messagef("Id belongs to resource-based policies; this is of another kind (%v)", kind), message{})
	}
	if limit := sizeLimit(kind); i.document.Size > limit {
		i.reportAt(i.document.Start, "too-large",
			messagef("the document has %d characters without white space", i.document.Size),
			messagef("AWS limits a policy of this kind (%v) to %d", kind, limit))
	}
}

// sizeLimit is the largest document that AWS takes, in characters (IAM User
// Guide, "IAM and AWS STS quotas"; Amazon ECR API, SetRepositoryPolicy; AWS
// Organizations quotas).
func sizeLimit(k iam.Kind) int {
	switch k {
	case iam.RepositoryPolicy, iam.RegistryPolicy:
		return 10240
	case iam.ServiceControlPolicy, iam.ResourceControlPolicy:
		return 5120
	case iam.SessionPolicy, iam.TrustPolicy:
		return 2048
	case iam.IdentityPolicy, iam.PermissionsBoundary:
	}
	return 6144
}

// sids finds statements with the same Sid. In policies of other kinds than those of ECR
// and AWS Organizations, it is an error.
func (i *inspection) sids() {
	seen := map[string]bool{}
	for n := range i.policy.Statements {
		sid := i.policy.Statements[n].Sid
		if sid != "" && seen[sid] {
			i.reportAt(i.document.Statements[n].SidAt, "repeated-sid", messagef("Sid %q occurs twice in the document", sid), message{})
		}
		seen[sid] = true
	}
}

// maxSuggestions bounds the unknown names of a policy for which the nearest known
// one is searched: each costs as much as reading a few hundred characters.
const maxSuggestions = 100

// didYouMean suggests what nearest returns for the first unknown names of the policy, and
// nothing for the rest.
func (i *inspection) didYouMean(name string, nearest func(string) string) message {
	if i.suggestions == maxSuggestions {
		return message{}
	}
	i.suggestions++
	if known := nearest(name); known != "" {
		return messagef("did you mean %q?", known)
	}
	return message{}
}
