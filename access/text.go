package access

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes the answer for people.
func (w *WhoCan) WriteText(to io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s on %s (registry %s)\n", w.Action, w.Resource, w.Registry)
	if len(w.Grants) == 0 {
		text.WriteString("\nno principal may perform it\n")
	}
	hasCredentials := true
	for i := range w.Grants {
		g := &w.Grants[i]
		if i == 0 || hasCredentials != (len(g.Credentials) > 0) {
			hasCredentials = len(g.Credentials) > 0
			text.WriteString([...]string{"\nWithout a credential in the directory:\n", "\nWith a credential in the directory:\n"}[min(len(g.Credentials), 1)])
		}
		fmt.Fprintf(&text, "\n  %s: %s\n", g.who(), g.Access)
		g.writeReasons(&text, "      ")
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// WriteText writes the answer for people.
func (w *WhatCan) WriteText(to io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s at registry %s\n", w.Principal, w.Registry)
	if len(w.Grants) == 0 {
		text.WriteString("\nit may do nothing\n")
	}
	who := ""
	for i := range w.Grants {
		g := &w.Grants[i]
		if own := g.who() + g.credentialText("  "); own != who {
			who = own
			fmt.Fprintf(&text, "\n%s\n%s", g.who(), g.credentialText("  "))
		}
		fmt.Fprintf(&text, "\n  %s: %s\n      %s\n", g.Resource, g.Access, strings.Join(g.Actions, ", "))
		own := *g
		own.Credentials = nil
		own.writeReasons(&text, "      ")
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// who returns the principal and what it includes.
func (g *Grant) who() string {
	text := g.Principal
	switch g.Kind {
	case Role:
		text += " (its sessions)"
	case Account:
		text += " (principals of the account)"
	case User, Session, FederatedUser, RootUser, Service, Anonymous:
	}
	if len(g.Except) > 0 {
		text += " except " + strings.Join(g.Except, ", ")
	}
	return text
}

// writeReasons writes a line for each statement and credential.
func (g *Grant) writeReasons(text *strings.Builder, indent string) {
	if g.Because != "" {
		fmt.Fprintf(text, "%s%s\n", indent, g.Because)
	}
	write := func(label string, statements []Statement) {
		for _, s := range statements {
			fmt.Fprintf(text, "%s%s %s\n", indent, label, s)
		}
	}
	if g.NeedsBoth {
		fmt.Fprintf(text, "%san identity-based policy and a resource-based policy must allow it\n", indent)
	}
	write("allowed by", g.Allows)
	write("limited by", g.Limits)
	if g.Access == None {
		write("denied by", g.Denies)
	} else {
		write("unless denied by", g.Denies)
	}
	text.WriteString(g.credentialText(indent))
}

// shownCredentials is the number of credentials of a principal that a text has.
const shownCredentials = 5

func (g *Grant) credentialText(indent string) string {
	var text strings.Builder
	for i, c := range g.Credentials {
		if i == shownCredentials {
			fmt.Fprintf(&text, "%sand %d more credentials\n", indent, len(g.Credentials)-i)
			break
		}
		if c.Kind == "none" {
			fmt.Fprintf(&text, "%s%s accepts requests without a credential\n", indent, c.Name)
			continue
		}
		fmt.Fprintf(&text, "%scredential %s\n", indent, c)
	}
	return text.String()
}

// WriteJSON writes the answer as indented JSON.
func (w *WhoCan) WriteJSON(to io.Writer) error { return writeJSON(to, w) }

// WriteJSON writes the answer as indented JSON.
func (w *WhatCan) WriteJSON(to io.Writer) error { return writeJSON(to, w) }

func writeJSON(to io.Writer, value any) error {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	return e.Encode(value)
}

// WriteCSV writes a row for each grant and action (RFC 4180), after a row with the names of
// the columns.
func (w *WhoCan) WriteCSV(to io.Writer) error { return writeCSV(to, w.Registry, w.Grants) }

// WriteCSV is that of [WhoCan].
func (w *WhatCan) WriteCSV(to io.Writer) error { return writeCSV(to, w.Registry, w.Grants) }

func writeCSV(to io.Writer, registry string, grants []Grant) error {
	out := csv.NewWriter(to)
	rows := [][]string{{"registry", "principal", "kind", "except", "action", "resource", "access", "because", "needsBoth", "allows", "limits", "denies", "credentials"}}
	for i := range grants {
		g := &grants[i]
		for _, action := range g.Actions {
			rows = append(rows, []string{
				registry, g.Principal, string(g.Kind), strings.Join(g.Except, "; "), action, g.Resource, string(g.Access), g.Because, fmt.Sprint(g.NeedsBoth),
				joined(g.Allows), joined(g.Limits), joined(g.Denies), joined(g.Credentials),
			})
		}
	}
	return out.WriteAll(rows)
}

func joined[T fmt.Stringer](list []T) string {
	all := make([]string, len(list))
	for i := range list {
		all[i] = list[i].String()
	}
	return strings.Join(all, "; ")
}
