package iam

// An ARNPattern is an ARN whose last segment may have the wildcards * and ?, as the Resource of
// a statement. It has no policy variables.
type ARNPattern struct {
	pattern pattern
	units   units
}

// NewARNPattern compiles a pattern. It rejects a text that is not an ARN.
func NewARNPattern(text string) (*ARNPattern, error) {
	if _, err := ParseARN(text); err != nil {
		return nil, err
	}
	p, err := compileResource(text, false)
	if err != nil {
		return nil, err
	}
	return &ARNPattern{p.pattern, p.pattern.units(nil, nil)}, nil
}

// IsLiteral reports whether the pattern has no wildcard.
func (p *ARNPattern) IsLiteral() bool { return p.pattern.isLiteral() }

// Matches reports whether the pattern matches an ARN.
func (p *ARNPattern) Matches(arn string) bool { return p.pattern.match(arn, nil) }

// Covers reports whether the pattern matches everything that another one matches. It may
// return false in unusual cases, such as ?* and *?.
func (p *ARNPattern) Covers(other *ARNPattern) bool { return p.units.covers(other.units) }

// Overlaps reports whether an ARN exists that both patterns match.
func (p *ARNPattern) Overlaps(other *ARNPattern) bool { return p.units.overlaps(other.units) }
