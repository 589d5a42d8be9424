package lint

import (
	"strings"

	"extauthz/iam"
)

// tokenOfRepository finds actions that take no repository where their statement has
// no say in them: an Allow of them is one in an identity policy for the Resource "*",
// and a Deny of them none on repositories, nor in the policy of a repository or
// registry.
func (l *linter) tokenOfRepository(d *document, s *statement) {
	allows := s.Statement.Effect == iam.Allow
	if allows && !d.grants() || d.policy.Kind == iam.TrustPolicy || s.NotAction || !d.isResourceBased() && (s.NotResource || hasStar(s.Resources)) {
		return
	}
	for _, w := range s.Actions {
		switch {
		case !iam.IsResourceless(w.Text):
		case allows && d.isResourceBased():
			l.report(d.policy.Source, w.Position, "resourceless-action", "%q is about no repository, so that identity-based policies alone can allow it; this %s cannot", w.Text, d.policy.Kind)
		case allows:
			l.report(d.policy.Source, w.Position, "resourceless-action", "%q is about no repository, so that only the Resource \"*\" allows it; give it a statement of its own", w.Text)
		case d.isResourceBased():
			l.report(d.policy.Source, w.Position, "resourceless-action", "%q is about no repository, so that this %s denies it to nobody; deny it in an identity policy or a service control policy", w.Text, d.policy.Kind)
		default:
			l.report(d.policy.Source, w.Position, "resourceless-action", "%q is about no repository, so that this Deny of repositories denies it to nobody; deny it on the Resource \"*\"", w.Text)
		}
	}
}

func hasStar(words []iam.Word) bool {
	for _, w := range words {
		if w.Text == "*" {
			return true
		}
	}
	return false
}

// allowNot finds Allows of all but what they name.
func (l *linter) allowNot(d *document, s *statement) {
	if !d.allows(s) {
		return
	}
	if s.NotAction && len(s.Actions) > 0 {
		l.report(d.policy.Source, s.Actions[0].Position, "allow-not-action", "this Allow covers every action but those in NotAction, those that AWS adds later too; list what is to be allowed in Action")
	}
	if s.NotResource && len(s.Resources) > 0 && s.covered != 0 {
		l.report(d.policy.Source, s.Resources[0].Position, "allow-not-resource", "this Allow covers every resource but those in NotResource, those that are made later too; list what is to be allowed in Resource")
	}
}

// redundantWords finds actions and resources that another one of the same list
// covers.
func (l *linter) redundantWords(d *document, s *statement) {
	if s.covered == 0 {
		return
	}
	l.redundant(d, "action", s.Actions, coversAction)
	l.redundant(d, "resource", s.Resources, s.coversWord)
}

// longList bounds what is compared word by word.
const longList = 200

func (l *linter) redundant(d *document, what string, words []iam.Word, covers func(outer, inner string) bool) {
	if len(words) > longList {
		return
	}
	for i, w := range words {
		for j, other := range words {
			same := strings.EqualFold(w.Text, other.Text)
			if i != j && covers(other.Text, w.Text) && (!same || j < i) {
				l.report(d.policy.Source, w.Position, "redundant-element", "%s %q is covered by %q in the same list", what, w.Text, other.Text)
				break
			}
		}
	}
}
