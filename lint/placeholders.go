package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// placeholder is what examples and templates have in place of a value, in any text.
var placeholder = regexp.MustCompile(strings.Join([]string{
	`(?i:aws_account_id|account[-_]?id[-_]without[-_]hyphens)`,
	// your_account, YourRole, MY_ROLE, REPLACE_ME, changeme, o-xxxxxxxxxx
	`(?i:\byour[-_][a-z]+)`, `\bYOUR[A-Z]+`, `\bYour[A-Z][A-Za-z]*`,
	`\b(?:MY|THE|INSERT|ENTER|SPECIFY|REPLACE)[-_][A-Z][A-Z0-9_-]*`,
	`(?i:\b(?:replace|change)[-_]?(?:me|this)(?:\b|_))`, `\bFIXME\b`, `(?i:x{5,})`,
	// <account>, [ACCOUNT ID], __ACCOUNT__, @ACCOUNT@, %ACCOUNT%
	`<[^<>]*>`, `\[[A-Z][A-Z0-9_ -]+\]`, `__[A-Z][A-Z0-9_]*__`, `@[A-Z][A-Z0-9_]*@`, `%[A-Z][A-Z0-9_]*%`,
	// {account}, {{ .account }}, #{AWS::AccountId}, ${Account}, ${AWS::Region}, ${self:stage}, $ACCOUNT
	`(?i:(?:^|[^$])\{\{?[ .]*[a-z][a-z0-9_. -]*\}\}?)`, `#\{[^{}]*\}`,
	`\$\{[^:*?${}]+\}`, `(?i:\$\{(?:aws:|self|opt|env|param|sls|cf):[^{}]*\})`, `(?i:\$[a-z_]+\b)`,
}, "|"))

// wordForPlace is what stands for the region or account of an ARN in examples.
var wordForPlace = regexp.MustCompile(`^(?i:(?:aws[-_])?(?:region|account)(?:[-_]?(?:id|code|name|number))?)$`)

// bracketed is what is between brackets: a placeholder in an ARN, whose names have no
// brackets, such as [PRIVILEGED_ROLE] in AWS's examples of service control policies.
var bracketed = regexp.MustCompile(`\[[^\[\]]*\]`)

// notPlaceholder is what only looks like one: an id that Bitbucket writes between
// braces in the claims of its tokens, and AWS's names of versions.
var notPlaceholder = regexp.MustCompile(`^[^{]?\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$|^\$(?:DEFAULT|LATEST)$`)

// beforeBrace is the character before a brace, which says only that there is no $.
var beforeBrace = regexp.MustCompile(`^[^${#]\{`)

// placeholderIn returns the first placeholder in a text, "" where there is none. A
// policy variable is not one: it has a colon behind the prefix of a service.
func placeholderIn(text string) string {
	for _, found := range placeholder.FindAllString(text, -1) {
		if !notPlaceholder.MatchString(found) {
			return beforeBrace.ReplaceAllString(found, "{")
		}
	}
	segments := strings.SplitN(text, ":", 6)
	if len(segments) < 6 || segments[0] != "arn" {
		return ""
	}
	for _, place := range segments[3:5] {
		if wordForPlace.MatchString(place) {
			return place
		}
	}
	return bracketed.FindString(text)
}

// placeholders finds what documentation left in: what its reader was meant to replace.
func (l *linter) placeholders(d *document, s *statement) {
	if s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	words := slices.Clone(s.Resources)
	for _, p := range s.Principals {
		words = append(words, p.Word)
	}
	for _, c := range s.Conditions {
		if !strings.Contains(c.Key.Text, "${") { // literal-variable reports it
			words = append(words, c.Key)
		}
		if !strings.EqualFold(c.Key.Text, "aws:UserAgent") {
			words = append(words, c.Values...)
		}
	}
	for _, w := range words {
		if found := placeholderIn(w.Text); found != "" {
			l.placeholderAt[policystore.Place{Source: d.policy.Source, Position: w.Position}] = true
			l.report(d.policy.Source, w.Position, "placeholder", "%q still holds %q, which an example means to be replaced", w.Text, found)
		}
	}
}

func isPlaceholder(text string) bool { return placeholderIn(text) != "" }
