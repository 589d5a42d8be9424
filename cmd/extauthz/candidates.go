package main

import (
	"slices"
	"strings"

	"extauthz/access"
	"extauthz/iam"
	"extauthz/lint"
	"extauthz/policystore"
	"extauthz/schemas"
)

// The kinds of candidates.
const (
	valuesKind      = "values"
	filesKind       = "files"
	directoriesKind = "directories"
)

// wordCandidates returns words without a meaning.
func wordCandidates(words ...string) candidates {
	c := candidates{kind: valuesKind}
	for _, word := range words {
		c.values = append(c.values, candidate{word: word})
	}
	return c
}

// candidates returns what can replace a placeholder of a flag's value or of an argument.
func (l *completedLine) candidates(placeholder string) candidates {
	switch placeholder {
	case "FILE":
		return candidates{kind: filesKind}
	case "DIR", "DIRECTORY", "OLD", "NEW":
		return candidates{kind: directoriesKind}
	case "COMMAND":
		return commandNames()
	case "SHELL":
		return wordCandidates(shells()...)
	case "SCHEMA":
		return wordCandidates(schemas.Names()...)
	case "METHOD":
		return wordCandidates("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
	case "ACTION":
		return wordCandidates(slices.Collect(iam.ECRActions())...)
	case "CODE":
		return lintCodes()
	}
	if placeholder == strings.ToLower(placeholder) { // a word of its own, such as create
		return wordCandidates(placeholder)
	}
	return l.fromPolicies(placeholder)
}

// lintCodes returns the codes of findings.
func lintCodes() candidates {
	codes := candidates{kind: valuesKind}
	for _, p := range lint.Pages() {
		codes.values = append(codes.values, candidate{p.Code, p.Summary})
	}
	return codes
}

// fromPolicies returns the names in the directory of --policies that can replace a placeholder,
// none if the directory cannot be loaded.
func (l *completedLine) fromPolicies(placeholder string) candidates {
	none := candidates{kind: valuesKind}
	dir := l.given["policies"]
	if dir == "" || !slices.Contains([]string{"REGISTRY", "PRINCIPAL", "ARN"}, placeholder) {
		return none
	}
	s, err := policystore.LoadDocuments(dir)
	if err != nil {
		return none
	}
	if placeholder == "REGISTRY" {
		return wordCandidates(s.RegistryNames()...)
	}
	d, err := access.New(s)
	if err != nil {
		return none
	}
	return wordCandidates(d.Principals()...)
}
