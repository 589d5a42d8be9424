package nametemplate

import (
	"extauthz/diag"
	"slices"
	"strings"
)

// A Template makes a text, such as the ARN of a role session, from the captures of a
// pattern: literal text with {name} for each capture, and {{ and }} for literal braces.
type Template struct {
	text  string
	parts []part
}

// A part is a literal followed by a capture.
type part struct {
	literal string
	capture int // its index among the names, -1 for none
}

// A TemplateUse says what the text of a template is used for. It determines where captures
// are allowed, so that different captures do not make the same text.
type TemplateUse uint8

const (
	// ForPrincipal is for an ARN, in which captures are names: after the first slash of
	// the resource, as in arn:aws:iam::123456789012:user/{name}, and one in each segment.
	// Then a name determines neither the account nor the kind of the principal, and two
	// names make one principal only if the template leaves out their difference:
	// captures contain neither ":" nor "/". A text that is not an ARN, such as a
	// service's name, has no captures.
	ForPrincipal TemplateUse = iota
	// ForName is for the name of a session or a source identity. It allows one capture,
	// because such a name cannot contain a separator.
	ForName
	// ForTagValue is for a tag's value, in which separators are between captures.
	ForTagValue
)

// CompileTemplate compiles a template over captures with the given names. It rejects other
// names, and captures that its use does not allow.
func CompileTemplate(text string, names []string, use TemplateUse) (*Template, error) {
	pieces, err := splitPlaceholders("template", text)
	if err != nil {
		return nil, err
	}
	t := &Template{text: text}
	for _, piece := range pieces {
		capture := slices.Index(names, piece.name)
		switch {
		case piece.name == "":
			t.parts = append(t.parts, part{piece.literal, -1})
		case capture < 0:
			return nil, diag.Problemf("the template %q uses {%s}, which is not captured", text, piece.name).WithRemedy(captureHint(names))
		default:
			t.parts = append(t.parts, part{"", capture})
		}
	}
	if err := t.check(use, names); err != nil {
		return nil, err
	}
	return t, nil
}

// check rejects captures that the use does not allow.
func (t *Template) check(use TemplateUse, names []string) error {
	switch use {
	case ForName:
		return t.checkName()
	case ForTagValue:
		return t.checkTag(names)
	case ForPrincipal:
	}
	return t.checkARN()
}

// checkName rejects more than one capture.
func (t *Template) checkName() error {
	captures := 0
	for _, part := range t.parts {
		if part.capture >= 0 {
			captures++
		}
	}
	if captures > 1 {
		return diag.Problemf("the template %q has two captures, so that different names could become one", t.text).WithRemedy("use one, and put the other into a tag")
	}
	return nil
}

// checkTag rejects two captures without a separator between them.
func (t *Template) checkTag(names []string) error {
	last, separated := -1, false
	for _, part := range t.parts {
		switch {
		case part.capture < 0:
			separated = separated || nameChars.prefixLength(part.literal) < len(part.literal)
		case last >= 0 && !separated:
			return diag.Problemf("the template %q has nothing that separates {%s} and {%s}, so that different values could become one",
				t.text, names[last], names[part.capture]).WithRemedy("put / or : between them")
		default:
			last, separated = part.capture, false
		}
	}
	return nil
}

func captureHint(names []string) string {
	if len(names) == 0 {
		return "capture it in the name of the credential or, for a token or an issuer, in claims"
	}
	return "use one of {" + strings.Join(names, "}, {") + "}"
}

// checkARN rejects captures outside the names of an ARN, and two in a segment.
func (t *Template) checkARN() error {
	const colons = 5 // before the resource
	var seen, inSegment int
	named := false
	for _, part := range t.parts {
		if part.capture >= 0 {
			if inSegment++; inSegment > 1 {
				return diag.Problemf("the template %q has two captures in one segment, so that different names could become one principal", t.text).WithRemedy("put / between them, or use one")
			}
			if !named {
				return diag.Problemf("template %q: only the name in an ARN may be a capture", t.text).WithRemedy("write the account and the resource type literally, as in arn:aws:iam::123456789012:user/{name}")
			}
		}
		for _, c := range []byte(part.literal) {
			switch c {
			case ':':
				seen++
				inSegment = 0
			case '/':
				named = named || seen >= colons
				inSegment = 0
			}
		}
	}
	return nil
}

// expectedCapture is how long a capture is expected to be: the most that IAM allows a name.
const expectedCapture = 64

// Expand returns the template's text for captures of the names that it was compiled for.
func (t *Template) Expand(c Captures) string {
	if t.Exact() {
		return t.parts[0].literal
	}
	var text strings.Builder
	text.Grow(len(t.text) + expectedCapture)
	for _, part := range t.parts {
		text.WriteString(part.literal)
		if part.capture >= 0 {
			text.WriteString(c[part.capture])
		}
	}
	return text.String()
}

// Exact reports whether t has no captures and so expands to one text.
func (t *Template) Exact() bool { return len(t.parts) == 1 && t.parts[0].capture < 0 }

// String returns the template as it was written.
func (t *Template) String() string { return t.text }
