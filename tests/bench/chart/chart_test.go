package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestSVG checks that a chart is well-formed XML with every name, label and line.
func TestSVG(t *testing.T) {
	c := &Chart{
		Title: "CPU < 1 & more",
		X:     Logarithmic("statements", 10, 100_000),
		Y:     Logarithmic("µs", 20, 900),
		Lines: []Line{
			{Name: `"sidecar"`, Points: [][2]float64{{10, 20}, {1000, 30}, {100_000, 1e9}}},
			{Name: "before", Dashed: true, Color: 9, Points: [][2]float64{{10, 20}}},
		},
	}
	svg := c.SVG()
	counts, texts := map[string]int{}, []string{}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			counts[token.Name.Local]++
		case xml.CharData:
			texts = append(texts, string(token))
		}
	}
	if counts["svg"] != 1 || counts["polyline"] != 2 || counts["circle"] != 4 {
		t.Errorf("elements %v", counts)
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{"CPU < 1 & more", `"sidecar"`, "before", "100,000", "statements", "500", "µs"} {
		if !strings.Contains(all, want) {
			t.Errorf("no text %q in\n%s", want, svg)
		}
	}
	if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
		t.Errorf("a place is not a number:\n%s", svg)
	}
}

// TestAxisOfNoValues checks that an axis without values has an end.
func TestAxisOfNoValues(t *testing.T) {
	for _, ends := range [][2]float64{{math.Inf(1), 0}, {0, 0}, {5, 5}, {math.NaN(), math.Inf(1)}, {-1, -2}} {
		if a := Logarithmic("", ends[0], ends[1]); len(a.Ticks) == 0 || len(a.Ticks) > 10 {
			t.Errorf("from %v to %v: %d ticks", ends[0], ends[1], len(a.Ticks))
		}
	}
}

// TestAxes checks the places of the ends and of ticks.
func TestAxes(t *testing.T) {
	log := Logarithmic("", 10, 1000)
	nines := Nines("")
	for _, c := range []struct {
		name string
		got  float64
		want float64
	}{
		{"the begin of a logarithmic axis", log.Place(10), 0},
		{"its middle", log.Place(100), 0.5},
		{"its end", log.Place(1000), 1},
		{"no share", nines.Place(0), 0},
		{"two nines", nines.Place(0.99), 2.0 / 3},
	} {
		if d := c.got - c.want; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s is at %v, want %v", c.name, c.got, c.want)
		}
	}
	if labels := []string{label(10), label(1000), label(100_000), label(1_000_000)}; strings.Join(labels, " ") != "10 1,000 100,000 1,000,000" {
		t.Errorf("labels %q", labels)
	}
}
