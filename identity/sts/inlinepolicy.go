package sts

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"extauthz/diag"
	"extauthz/iam"
)

// maxInlinePolicy is the limit on a session policy that a caller passes as text, in
// characters (STS API Reference, AssumeRole, Policy).
const maxInlinePolicy = 2048

// InlinePolicySource is the name of a session policy that was passed as text, where those of
// files have the name of their file.
const InlinePolicySource = "inline session policy"

// An InvalidPolicy is the error of a session policy that was passed as text.
type InvalidPolicy struct {
	TooLong bool // it exceeds IAM's limit; otherwise it is not a policy
	Reason  string
}

func (e *InvalidPolicy) Error() string { return "the session policy is not valid: " + e.Reason }

// CompileInlinePolicy compiles a session policy that a caller passes as text. The error is an
// InvalidPolicy.
func CompileInlinePolicy(text string) (*iam.Policy, error) {
	if n := utf8.RuneCountInString(text); n > maxInlinePolicy {
		return nil, &InvalidPolicy{TooLong: true, Reason: fmt.Sprintf("it has %d characters, and IAM allows %d", n, maxInlinePolicy)}
	}
	if strings.ContainsFunc(text, isOutsideOfPolicies) {
		return nil, &InvalidPolicy{Reason: "it has characters other than U+0020 to U+00FF, tabs and line ends"}
	}
	policy, err := iam.Compile(iam.SessionPolicy, InlinePolicySource, []byte(text))
	if err != nil {
		return nil, &InvalidPolicy{Reason: firstFaults(err)}
	}
	return policy, nil
}

// firstFaults returns the text of an error, with few of its faults. A client chooses how many
// there are, and the text is in the answer and in the decision log.
func firstFaults(err error) string {
	const most = 3
	faults := diag.Of(err)
	if len(faults) <= most {
		return err.Error()
	}
	return fmt.Sprintf("%v\nand %d more faults", diag.List(faults[:most]), len(faults)-most)
}

// isOutsideOfPolicies reports whether a character is not one of those that a session policy
// may consist of (STS API Reference, AssumeRole, the pattern of Policy).
func isOutsideOfPolicies(r rune) bool {
	return (r < ' ' || r > '\u00ff') && r != '\t' && r != '\n' && r != '\r'
}

// withInlinePolicy returns the session policies with one that was passed as text; "" adds none.
func withInlinePolicy(policies []*iam.Policy, text string) ([]*iam.Policy, error) {
	if text == "" {
		return policies, nil
	}
	inline, err := CompileInlinePolicy(text)
	if err != nil {
		return nil, err
	}
	return append(slices.Clip(policies), inline), nil
}
