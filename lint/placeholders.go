package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// placeholder is what examples and templates have in place of a value.
var placeholder = regexp.MustCompile(`(?i)aws_account_id|account[-_]?id[-_]without[-_]hyphens|\byour[-_][a-z]+|<[^<>]*>|` +
	`(?:^|[^$])\{\{?[a-z][a-z0-9_. -]*\}|\$\{(?:account|accountid|region|partition|repositoryname|tagkey|aws::[a-z]+)\}|` +
	`:(?:region|account|account[-_]?id|accountnumber):|\$[a-z_]+\b`)

// placeholders finds what documentation left in. Braces are no characters of
// names, so that whatever is between them was meant to be replaced.
func (l *linter) placeholders(d *document, s *statement) {
	if s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	words := slices.Clone(s.Resources)
	for _, p := range s.Principals {
		words = append(words, p.Word)
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Text, "aws:UserAgent") {
			words = append(words, c.Values...)
		}
	}
	for _, w := range words {
		if found := placeholder.FindString(w.Text); found != "" {
			l.placeheld[policystore.Place{Source: d.policy.Source, Position: w.Position}] = true
			l.report(d.policy.Source, w.Position, "placeholder", "%q still holds %q, which an example means to be replaced", w.Text, strings.Trim(found, ":"))
		}
	}
}

func isPlaceholder(text string) bool { return placeholder.MatchString(text) }
