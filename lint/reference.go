package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// byReference are the actions that a digest performs as well as a tag. Writing by
// digest sets no tag.
var byReference = setOf("BatchGetImage", "BatchDeleteImage")

// evadedByDigest finds conditions on the tag of an image that the same image
// gets around by its digest: in a Deny they do not hold for digests, in an Allow
// they hold for all of them.
func (l *linter) evadedByDigest(d *document, s *statement) {
	reference := slices.IndexFunc(s.Conditions, func(c iam.WrittenCondition) bool { return strings.EqualFold(c.Key.Text, iam.KeyReference) })
	if reference < 0 || s.covered&byReference == 0 || hasVariable(s.Conditions[reference]) {
		return
	}
	key := s.Conditions[reference].Key
	forDigests := holdsForDigests(s)
	switch {
	case s.Statement.Effect == iam.Deny && !forDigests && !digestsDenied(d, s):
		l.report(d.policy.Source, key.Position, "evaded-by-digest", "this Deny is about tags: whoever asks for the same image by its digest is not denied; deny %q \"digest\" too", iam.KeyReferenceType)
	case s.Statement.Effect == iam.Allow && forDigests && s.Conditions[reference].Negated:
		l.report(d.policy.Source, key.Position, "evaded-by-digest", "this Allow leaves out tags, but allows every digest, those of the same images too; add a condition that %q is \"tag\"", iam.KeyReferenceType)
	}
}

func hasVariable(c iam.WrittenCondition) bool {
	return slices.ContainsFunc(c.Values, func(w iam.Word) bool { return strings.Contains(w.Text, "${") })
}

// onReference are the statement's conditions on the reference and its type.
func onReference(s *statement) (conditions []iam.WrittenCondition) {
	for _, c := range s.Conditions {
		if strings.EqualFold(c.Key.Text, iam.KeyReference) || strings.EqualFold(c.Key.Text, iam.KeyReferenceType) {
			conditions = append(conditions, c)
		}
	}
	return conditions
}

// holdsForDigests tells whether the conditions on the reference hold for a
// digest that nobody would write into a policy.
func holdsForDigests(s *statement) bool {
	return holds(s.Statement.Effect, onReference(s),
		iam.ContextEntry{Key: iam.KeyReference, Value: "sha256:" + strings.Repeat("0", 64)},
		iam.ContextEntry{Key: iam.KeyReferenceType, Value: "digest"})
}

// digestsDenied tells whether another Deny of the document covers the same
// actions by digest.
func digestsDenied(d *document, s *statement) bool {
	return slices.ContainsFunc(d.statements, func(other statement) bool {
		return other.Statement != s.Statement && other.Statement.Effect == iam.Deny &&
			other.covered.has(s.covered&byReference) && len(onReference(&other)) == len(other.Conditions) && holdsForDigests(&other)
	})
}
