package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
)

// A Chart has lines over two axes.
type Chart struct {
	Title string
	X, Y  Axis
	Lines []Line
}

// An Axis maps values to places.
type Axis struct {
	Title string
	Place func(float64) float64 // 0 is the begin and 1 the end of the axis
	Ticks []Tick
}

// A Tick is a labeled value.
type Tick struct {
	Value float64
	Label string
}

// A Line connects points.
type Line struct {
	Name   string
	Dashed bool
	Color  int // lines with the same number have the same color
	Points [][2]float64
}

// Logarithmic returns an axis from low to high, with a tick at each power of ten and, if there
// are few, at two and five times each. Ends that are not positive numbers, such as those of no
// values, are replaced.
func Logarithmic(title string, low, high float64) Axis {
	if !(low > 0 && low <= math.MaxFloat64) {
		low = 1
	}
	if !(high > low && high <= math.MaxFloat64) {
		high = 10 * low
	}
	place := func(v float64) float64 { return math.Log(v/low) / math.Log(high/low) }
	a := Axis{Title: title, Place: place}
	steps := []float64{1}
	if high/low < 1e4 {
		steps = []float64{1, 2, 5}
	}
	for power := math.Floor(math.Log10(low)); power <= math.Log10(high); power++ {
		for _, step := range steps {
			if v := step * math.Pow(10, power); v >= low*0.999 && v <= high*1.001 {
				a.Ticks = append(a.Ticks, Tick{v, label(v)})
			}
		}
	}
	return a
}

// Nines returns an axis of shares, on which 90 %, 99 % and 99.9 % have equal distances.
func Nines(title string) Axis {
	a := Axis{Title: title, Place: func(share float64) float64 { return -math.Log10(1-min(share, 0.9999)) / 3 }}
	for _, share := range []float64{0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999} {
		a.Ticks = append(a.Ticks, Tick{share, fmt.Sprintf("%g %%", 100*share)})
	}
	return a
}

// label formats a number with separators of thousands.
func label(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%g", v)
	}
	n := int64(math.Round(v))
	if n >= 1e6 {
		return fmt.Sprintf("%d,%03d,%03d", n/1e6, n/1e3%1e3, n%1e3)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// The layout, in pixels.
const (
	width, height          = 900, 420
	left, right            = 80, 260
	top, bottom            = 50, 60
	plotWidth, plotHeight  = width - left - right, height - top - bottom
	legendLine, legendMark = 22, 26
)

var colors = [...]string{"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#555555"}

// SVG returns the drawing.
func (c *Chart) SVG() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	text(&b, left, 26, `font-size="16" font-weight="bold"`, c.Title)
	for _, t := range c.X.Ticks {
		x := c.x(t.Value)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/>`+"\n", x, top, x, top+plotHeight)
		text(&b, x, top+plotHeight+18, `text-anchor="middle"`, t.Label)
	}
	for _, t := range c.Y.Ticks {
		y := c.y(t.Value)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#dddddd"/>`+"\n", left, y, left+plotWidth, y)
		text(&b, left-8, y+4, `text-anchor="end"`, t.Label)
	}
	text(&b, left+plotWidth/2, height-14, `text-anchor="middle"`, c.X.Title)
	text(&b, 18, top+plotHeight/2, fmt.Sprintf(`text-anchor="middle" transform="rotate(-90 18 %d)"`, top+plotHeight/2), c.Y.Title)
	for i, l := range c.Lines {
		c.line(&b, i, l)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// line draws a line, its points, and its name in the legend.
func (c *Chart) line(b *bytes.Buffer, i int, l Line) {
	style := fmt.Sprintf(`stroke="%s" stroke-width="2" fill="none"`, colors[l.Color%len(colors)])
	if l.Dashed {
		style += ` stroke-dasharray="6 4"`
	}
	fmt.Fprintf(b, `<polyline %s points="`, style)
	for _, p := range l.Points {
		fmt.Fprintf(b, "%.1f,%.1f ", c.x(p[0]), c.y(p[1]))
	}
	b.WriteString("\"/>\n")
	for _, p := range l.Points {
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", c.x(p[0]), c.y(p[1]), colors[l.Color%len(colors)])
	}
	y := top + 10 + i*legendLine
	x := left + plotWidth + 16
	fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" %s/>`+"\n", x, y, x+legendMark, y, style)
	text(b, float64(x+legendMark+8), float64(y+4), "", l.Name)
}

func (c *Chart) x(v float64) float64 { return left + plotWidth*clip(c.X.Place(v)) }

func (c *Chart) y(v float64) float64 { return top + plotHeight*(1-clip(c.Y.Place(v))) }

// clip keeps what is outside an axis at its end.
func clip(place float64) float64 { return min(max(place, 0), 1) }

func text(b *bytes.Buffer, x, y float64, attributes, content string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" %s>`, x, y, attributes)
	_ = xml.EscapeText(b, []byte(content)) // writing to a buffer does not fail
	b.WriteString("</text>\n")
}
