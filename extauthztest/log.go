package extauthztest

import (
	"encoding/json"
	"strings"
)

// decisions returns the lines of a log that are decisions: those with a decision id.
func decisions(log string) []string {
	var found []string
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "{") && strings.Contains(line, `"decisionId":`) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// lastFault returns the error of the last line about policies that were refused.
func lastFault(log string) string {
	fault := "extauthz gave no reason"
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Error string }
		if json.Unmarshal([]byte(line), &entry) == nil && strings.HasPrefix(entry.Msg, "policy directory refused") {
			fault = entry.Error
		}
	}
	return fault
}
