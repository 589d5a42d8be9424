package access

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// WriteText writes the difference for people.
func (d *Diff) WriteText(to io.Writer) error {
	var text strings.Builder
	writeWitnesses(&text, "New access: allowed by the new directory, denied by the old one", d.New)
	writeWitnesses(&text, "Lost access: allowed by the old directory, denied by the new one", d.Lost)
	writeCredentials(&text, "New ways to authenticate as a principal", d.NewCredentials)
	writeCredentials(&text, "Lost ways to authenticate as a principal", d.LostCredentials)
	if len(d.NotSearched) > 0 {
		fmt.Fprintf(&text, "Not searched completely, because the conditions have too many combinations:\n\n")
		for _, q := range d.NotSearched {
			fmt.Fprintf(&text, "  %s: %s on %s (registry %s)\n", q.Principal, q.Action, q.Resource, q.Registry)
		}
		text.WriteString("\n")
	}
	if text.Len() == 0 {
		text.WriteString("no difference in access was found\n")
	}
	_, err := io.WriteString(to, text.String())
	return err
}

func writeWitnesses(text *strings.Builder, title string, all []Witness) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(text, "%s:\n\n", title)
	for i := range all {
		w := &all[i]
		fmt.Fprintf(text, "  %s: %s on %s (registry %s)\n", w.Principal, w.Action, w.Resource, w.Registry)
		if len(w.Context) > 0 {
			fmt.Fprintf(text, "      for example with %s\n", w.contextText())
		}
		for _, s := range w.By {
			fmt.Fprintf(text, "      allowed by %s\n", s)
		}
		g := Grant{Credentials: w.Credentials}
		text.WriteString(g.credentialText("      "))
	}
	text.WriteString("\n")
}

// contextText returns the context in the order of its keys.
func (w *Witness) contextText() string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(w.Context)) {
		all = append(all, fmt.Sprintf("%s %q", key, w.Context[key]))
	}
	return strings.Join(all, ", ")
}

func writeCredentials(text *strings.Builder, title string, all []CredentialChange) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(text, "%s:\n\n", title)
	for _, c := range all {
		fmt.Fprintf(text, "  %s: %s\n", c.Principal, c.Credential)
	}
	text.WriteString("\n")
}

// WriteJSON writes the difference as indented JSON.
func (d *Diff) WriteJSON(to io.Writer) error { return writeJSON(to, d) }

// WriteCSV writes a row for each difference, after a row with the names of the columns.
func (d *Diff) WriteCSV(to io.Writer) error {
	rows := [][]string{{"difference", "principal", "registry", "action", "resource", "context", "by", "credentials"}}
	for _, list := range []struct {
		name string
		all  []Witness
	}{{"newAccess", d.New}, {"lostAccess", d.Lost}} {
		for i := range list.all {
			w := &list.all[i]
			rows = append(rows, []string{list.name, w.Principal, w.Registry, w.Action, w.Resource, w.contextText(), joined(w.By), joined(w.Credentials)})
		}
	}
	for _, list := range []struct {
		name string
		all  []CredentialChange
	}{{"newCredential", d.NewCredentials}, {"lostCredential", d.LostCredentials}} {
		for _, c := range list.all {
			rows = append(rows, []string{list.name, c.Principal, "", "", "", "", "", c.Credential.String()})
		}
	}
	for _, q := range d.NotSearched {
		rows = append(rows, []string{"notSearched", q.Principal, q.Registry, q.Action, q.Resource, "", "", ""})
	}
	return csv.NewWriter(to).WriteAll(rows)
}
