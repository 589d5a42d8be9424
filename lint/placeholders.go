package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
)

// placeholder matches what examples and templates contain instead of a value.
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

// arnPlaceholder matches what examples contain instead of the region or account of an
// ARN.
var arnPlaceholder = regexp.MustCompile(`^(?i:(?:aws[-_])?(?:region|account)(?:[-_]?(?:id|code|name|number))?)$`)

// bracketed matches text in brackets. In an ARN it is a placeholder, such as
// [PRIVILEGED_ROLE] in AWS's examples of service control policies, because no name in an
// ARN contains brackets.
var bracketed = regexp.MustCompile(`\[[^\[\]]*\]`)

// notPlaceholder matches what only looks like a placeholder: an id in braces, as in the
// claims of Bitbucket's tokens, and AWS's names of versions.
var notPlaceholder = regexp.MustCompile(`^[^{]?\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$|^\$(?:DEFAULT|LATEST)$`)

// beforeBrace matches the character before a brace, which placeholder matches to exclude
// a $.
var beforeBrace = regexp.MustCompile(`^[^${#]\{`)

// placeholderIn returns the first placeholder in a text, "" if it has none. A policy
// variable has a colon after the prefix of a service, and is not a placeholder.
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
	for _, segment := range segments[3:5] {
		if arnPlaceholder.MatchString(segment) {
			return segment
		}
	}
	return bracketed.FindString(text)
}

// placeholders finds text of an example or a template that was not replaced.
func (l *linter) placeholders(d *document, s *statement) {
	if s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	entries := slices.Clone(s.Resources)
	for _, p := range s.Principals {
		entries = append(entries, p.Entry)
	}
	for _, c := range s.Conditions {
		if !strings.Contains(c.Key.Text, "${") { // literal-variable reports it
			entries = append(entries, c.Key)
		}
		if !strings.EqualFold(c.Key.Text, "aws:UserAgent") {
			entries = append(entries, c.Values...)
		}
	}
	for _, e := range entries {
		if found := placeholderIn(e.Text); found != "" {
			l.placeholderAt[d.at(e.At)] = true
			l.report(d.at(e.At), "placeholder",
				messagef("%q contains the placeholder %q", e.Text, found),
				messagef("replace it with the value"))
		}
	}
}

func isPlaceholder(text string) bool { return placeholderIn(text) != "" }
