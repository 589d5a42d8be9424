package nametemplate

import (
	"fmt"
	"slices"
	"strings"
)

// A Template makes a text, such as the ARN of a role's session, from what the
// captures of a pattern stood for: literal text with {name} for each capture, and {{ and
// }} for literal braces.
type Template struct {
	text  string
	parts []part
}

// A part is a literal followed by a capture.
type part struct {
	literal string
	capture int // its place among the names, -1 for none
}

// A TemplateUse is what the text of a template is: different captures must not
// make the same one.
type TemplateUse uint8

const (
	// ForPrincipal is an ARN, in which captures stand only for names: after the
	// first slash of the resource, as in arn:aws:iam::123456789012:user/{name},
	// and one in each segment. Then whoever chooses a name chooses neither
	// account nor kind of principal, and two names become one principal only
	// where the template leaves out what tells them apart: captures hold neither
	// ":" nor "/". A text that is no ARN, such as a service's name, holds none.
	ForPrincipal TemplateUse = iota
	// ForName is the name of a session or a source identity, which has no room for
	// a character that no capture matches, and so for one capture only.
	ForName
	// ForTagValue is a tag's value, in which such a character parts captures.
	ForTagValue
)

// CompileTemplate reads a template over captures with the given names. It
// refuses a name that is not among them, and captures where its use leaves no
// room for them.
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
			return nil, fmt.Errorf("the template %q uses {%s}, which nothing captures; %s", text, piece.name, captured(names))
		default:
			t.parts = append(t.parts, part{"", capture})
		}
	}
	switch use {
	case ForName:
		err = t.checkName()
	case ForTagValue:
		err = t.checkTag(names)
	default:
		err = t.checkARN()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// checkName refuses more than one capture.
func (t *Template) checkName() error {
	captures := 0
	for _, part := range t.parts {
		if part.capture >= 0 {
			captures++
		}
	}
	if captures > 1 {
		return fmt.Errorf("the template %q has two captures, so that different names could become one; use one, and carry the other in a tag", t.text)
	}
	return nil
}

// checkTag refuses captures with nothing between them that none matches.
func (t *Template) checkTag(names []string) error {
	last, parted := -1, false
	for _, part := range t.parts {
		switch {
		case part.capture < 0:
			parted = parted || ofNames.length(part.literal) < len(part.literal)
		case last >= 0 && !parted:
			return fmt.Errorf("the template %q does not tell where {%s} ends and {%s} begins, so that different values could become one; put / or : between them",
				t.text, names[last], names[part.capture])
		default:
			last, parted = part.capture, false
		}
	}
	return nil
}

func captured(names []string) string {
	if len(names) == 0 {
		return "capture it in the credential's name or, of a token or an issuer, in claims"
	}
	return "use one of {" + strings.Join(names, "}, {") + "}"
}

// checkARN refuses captures outside the names of an ARN, and two in a segment.
func (t *Template) checkARN() error {
	const colons = 5 // that part the resource from what leads to it
	var seen, inSegment int
	named := false
	for _, part := range t.parts {
		if part.capture >= 0 {
			if inSegment++; inSegment > 1 {
				return fmt.Errorf("the template %q has two captures in one segment, so that different names could become one principal; put / between them, or use one", t.text)
			}
			if !named {
				return fmt.Errorf("the template %q has a capture outside the names in an ARN; write account and kind out, as in arn:aws:iam::123456789012:user/{name}", t.text)
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

// maxName is how long a capture is expected to be: the most that IAM allows a name.
const maxName = 64

// Expand is the template's text for captures of the names that it was compiled
// for.
func (t *Template) Expand(c Captures) string {
	if t.Exact() {
		return t.parts[0].literal
	}
	var text strings.Builder
	text.Grow(len(t.text) + maxName)
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

// String is the template as it was written.
func (t *Template) String() string { return t.text }
