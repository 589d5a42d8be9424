package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/goldentest"
	"extauthz/tests/bench/result"
)

// The comments around the tables on the page.
const (
	tablesBegin = "<!-- The tables of measured.json: go test ./bench -update -->\n"
	tablesEnd   = "<!-- The end of the tables. -->\n"
)

// TestPageShowsTheMeasurements checks that the tables and charts of README.md are those of
// measured.json.
func TestPageShowsTheMeasurements(t *testing.T) {
	r, err := result.Read("measured.json")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	start, rest, found := strings.Cut(string(page), tablesBegin)
	_, end, foundEnd := strings.Cut(rest, tablesEnd)
	if !found || !foundEnd {
		t.Fatalf("README.md lacks the comment %q or %q", tablesBegin, tablesEnd)
	}
	var tables strings.Builder
	if err := r.WriteTables(&tables); err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, "README.md", start+tablesBegin+"\n"+tables.String()+tablesEnd+end)
	drawn := t.TempDir()
	if err := drawCharts(r, drawn); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"latency.svg", "growth.svg"} {
		svg, err := os.ReadFile(filepath.Join(drawn, name))
		if err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, filepath.Join("charts", name), string(svg))
	}
}
