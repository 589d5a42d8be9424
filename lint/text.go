package lint

import (
	"fmt"
	"io"
)

// WriteText writes a line for each finding:
// source:line:column: severity: code: message.
func WriteText(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	return nil
}
