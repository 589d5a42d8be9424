package diag

// Severity is how much a diagnostic matters.
type Severity uint8

// The severities, from the one that matters most.
const (
	// Error marks what does not load, does not do what it was written for, or allows
	// a caller that it was not meant to allow. It is the zero value.
	Error Severity = iota
	// Warning marks what is probably a mistake.
	Warning
	// Suggestion marks what works and could be clearer or narrower.
	Suggestion
)

// String returns the word that formats and flags use.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Suggestion:
		return "suggestion"
	case Error:
	}
	return "error"
}

// ParseSeverity returns the severity that has a word.
func ParseSeverity(word string) (Severity, error) {
	for _, s := range [...]Severity{Error, Warning, Suggestion} {
		if s.String() == word {
			return s, nil
		}
	}
	return Error, Problemf("%q is not a severity", word).WithRemedy("write error, warning or suggestion")
}
