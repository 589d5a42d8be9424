package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A textWriter writes lines for people. What a request or a credential contains is quoted if
// it is not printable.
type textWriter struct{ strings.Builder }

// row writes a name and a value, unless the value is "".
func (w *textWriter) row(name, value string) {
	if value != "" {
		fmt.Fprintf(w, "%-12s %s\n", name, printable(value))
	}
}

// list writes a title and the items, unless there are none.
func (w *textWriter) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(w, "%s:\n", title)
	for _, item := range items {
		fmt.Fprintf(w, "  %s\n", printable(item))
	}
}

// printable returns the text, quoted if it contains characters that need an escape.
func printable(text string) string {
	if quoted := strconv.Quote(text); quoted[1:len(quoted)-1] != strings.ReplaceAll(text, `"`, `\"`) {
		return quoted
	}
	return text
}

// Text returns w as text for people.
func (w *Whoami) Text() string {
	var text textWriter
	if !w.HasCaller() {
		fmt.Fprintf(&text, "no caller is authenticated: %s\n", printable(w.Reason))
	} else {
		fmt.Fprintf(&text, "%s\n", printable(w.Principal))
	}
	for _, row := range [][2]string{
		{"type", w.PrincipalType}, {"role", w.RoleARN}, {"federated by", w.FederatedBy}, {"registry", w.Registry}, {"source", w.Source},
		{"issuer", w.Issuer}, {"key", w.KeyID}, {"time", w.Time.Format(time.RFC3339)}, {"not verified", w.NotVerified},
	} {
		text.row(row[0], row[1])
	}
	text.list("condition keys", w.conditionKeys())
	for _, files := range []struct {
		title string
		names []string
	}{
		{"identity policies", w.Policies}, {"permissions boundary", w.Boundary}, {"session policies", w.SessionPolicies}, {"registry policy", w.RegistryPolicy},
		{"service control policies", w.ServiceControlPolicies}, {"resource control policies", w.ResourceControlPolicies},
	} {
		text.list(files.title, files.names)
	}
	return text.String()
}

// conditionKeys returns the condition keys with their values, ordered by name.
func (w *Whoami) conditionKeys() (list []string) {
	for _, key := range slices.Sorted(maps.Keys(w.Context)) {
		list = append(list, fmt.Sprintf("%s = %v", key, w.Context[key]))
	}
	return list
}

// text returns the mapping as text for people.
func (m *mappedRequest) text() string {
	var text textWriter
	for _, row := range [][2]string{{"operation", m.Operation}, {"repository", m.Repository}, {"reference", m.Reference}} {
		text.row(row[0], row[1])
	}
	text.list("tags", m.Tags)
	permissions := make([]string, len(m.Permissions))
	for i, p := range m.Permissions {
		permissions[i] = p.text()
	}
	text.list("permissions", permissions)
	text.list("query parameters that are removed", m.RemoveQueryParameters)
	return text.String()
}

// text returns the permission as text for people.
func (p *permission) text() string {
	text := p.Action + " on " + p.Resource
	if p.Alternative != "" {
		text += ", or " + p.Alternative
	}
	if p.Optional {
		text += " (optional)"
	}
	return text
}

// text returns the refusal as text for people.
func (r *refusedRequest) text() string {
	return "refused: " + r.Code + ": " + printable(r.Message) + "\n"
}
