package replay

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"extauthz/diag"
)

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	return encoder.Encode(r)
}

// WriteCSV writes a table of the differences.
func (r *Report) WriteCSV(w io.Writer) error {
	rows := [][]string{{"change", "principal", "action", "repository", "before", "after", "requests", "log", "line", "decisionId", "time", "beforeReason", "afterReason"}}
	for _, g := range r.Differences {
		rows = append(rows, []string{
			string(g.Change), g.Principal, g.Action, g.Repository, g.Before, g.After, strconv.Itoa(g.Requests),
			g.Log, strconv.Itoa(g.Line), g.DecisionID, g.Time.Format(time.RFC3339Nano), g.BeforeReason, g.AfterReason,
		})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s decided again", count(r.Replayed, "request"))
	if !r.From.IsZero() {
		fmt.Fprintf(&b, ", of a log from %s to %s", r.From.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	}
	fmt.Fprintf(&b, ": %d lost access, %d new access, %d denied in another way\n", r.LostAccess, r.NewAccess, r.OtherDenial)
	if r.RecordedOtherwise > 0 {
		fmt.Fprintf(&b, "%s got another decision than the old policies give: these are not the policies that wrote the log\n", count(r.RecordedOtherwise, "request"))
	}
	change := Change("")
	for _, g := range r.Differences {
		if g.Change != change {
			change = g.Change
			fmt.Fprintf(&b, "\n%s\n", change)
		}
		g.writeText(&b)
	}
	if r.Ungrouped > 0 {
		fmt.Fprintf(&b, "\n%s with a difference more than the %d groups that are listed\n", count(r.Ungrouped, "request"), maxGroups)
	}
	for i, cause := range r.NotReplayed {
		if i == 0 {
			fmt.Fprintf(&b, "\nnot decided again\n")
		}
		fmt.Fprintf(&b, "  %s: %s, the first at %v\n", count(cause.Requests, "request"), cause.Cause, lineOf(cause.Log, cause.Line))
	}
	if n := r.Lines.Bad(); n > 0 {
		fmt.Fprintf(&b, "\n%s without a decision: %d broken, %d truncated, %d foreign, %d too long\n",
			count(n, "line"), r.Lines.Broken, r.Lines.Truncated, r.Lines.Foreign, r.Lines.TooLong)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeText writes a group in two lines: what changes, and an example.
func (g *Group) writeText(b *strings.Builder) {
	fmt.Fprintf(b, "  %s  %s  %s  %s -> %s  %s\n", g.Principal, cmp.Or(g.Action, "-"), cmp.Or(g.Repository, "*"), g.Before, g.After, count(g.Requests, "request"))
	fmt.Fprintf(b, "      %v, %s", lineOf(g.Log, g.Line), g.Time.Format(time.RFC3339))
	if reason := cmp.Or(g.AfterReason, g.BeforeReason); reason != "" {
		fmt.Fprintf(b, ": %s", reason)
	}
	b.WriteByte('\n')
}

// lineOf returns the position of a line.
func lineOf(log string, line int) diag.Position {
	return diag.File(log).At(diag.Point{Line: int32(line)})
}

// count returns a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
