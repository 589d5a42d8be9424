package decisionlog

import "fmt"

// Mode says which decisions are logged. The empty Mode is [All].
type Mode string

// The modes.
const (
	All    Mode = "all"    // every decision
	Denied Mode = "denied" // what was not allowed, for whatever reason
	None   Mode = "none"   // nothing
)

// UnmarshalText accepts the modes' own words alone.
func (m *Mode) UnmarshalText(text []byte) error {
	switch mode := Mode(text); mode {
	case All, Denied, None:
		*m = mode
		return nil
	}
	return fmt.Errorf("%q is no mode; write %s, %s or %s", text, All, Denied, None)
}

// MarshalText returns the mode's word.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m), nil }

// logs tells whether a decision is to be logged.
func (m Mode) logs(allowed bool) bool {
	return m != None && !(m == Denied && allowed)
}
