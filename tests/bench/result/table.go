package result

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"extauthz/tests/bench/stats"
)

// absolute are metrics that are shown as they are and not as ratios.
var absolute = []string{Answer, HitRatio, Throughput, InForce, TotalCPU, Share}

// titles describe the metrics, in the order of the tables.
var titles = []struct{ metric, title string }{
	{CPU, "CPU of the server, µs a check"},
	{EnvoyCPU, "CPU of Envoy alone, µs a request"},
	{P50, "latency, median, µs"},
	{P99, "latency, 99th percentile, µs"},
	{Allocations, "allocations a check"},
	{Bytes, "bytes allocated a check"},
	{Answer, "answer that allows a pull, bytes"},
	{HitRatio, "decisions from the cache"},
	{Throughput, "checks per second"},
	{InForce, "until the policies are in force, ms"},
	{TotalCPU, "CPU until then, ms"},
	{Started, "resident memory after the start, MiB"},
	{Idle, "resident memory two seconds after the start, MiB"},
	{Resident, "resident memory after a load, MiB"},
	{Peak, "resident memory at the peak, MiB"},
	{Share, "share of the CPU time, percent"},
}

// WriteTables writes a table in Markdown for each metric. It has a line for each workload and
// a column for each server: the median of the base, and the ratio of each other server to it,
// with the range over all rounds.
func (r *Run) WriteTables(w io.Writer) error {
	for _, t := range titles {
		if err := r.writeTable(w, t.metric, t.title); err != nil {
			return err
		}
	}
	return nil
}

// writeTable writes the table of one metric, if there are any values.
func (r *Run) writeTable(w io.Writer, metric, title string) error {
	servers := slices.DeleteFunc(r.distinct(func(s *Series) string { return s.Server }), func(server string) bool {
		return !slices.ContainsFunc(r.Series, func(s *Series) bool { return s.Server == server && s.Metric == metric && len(s.Values) > 0 })
	})
	if len(servers) == 0 {
		return nil
	}
	lines := [][]string{append([]string{title}, servers...)}
	for _, workload := range r.Workloads() {
		line, empty := []string{workload}, true
		for _, server := range servers {
			cell := r.cell(workload, server, metric)
			line, empty = append(line, cell), empty && cell == ""
		}
		if !empty {
			lines = append(lines, line)
		}
	}
	if len(lines) == 1 {
		return nil
	}
	return writeMarkdown(w, lines)
}

// cell returns a value of a table, "" if it was not measured.
func (r *Run) cell(workload, server, metric string) string {
	values := r.Values(workload, server, metric)
	if len(values) == 0 {
		return ""
	}
	spread, format := stats.Summarize(values), Number
	if ratio, found := r.Ratio(workload, server, metric); found && server != Base && !slices.Contains(absolute, metric) {
		spread, format = ratio, func(n float64) string { return fmt.Sprintf("%.2f", n) }
	}
	if low, high := format(spread.Min), format(spread.Max); low != high {
		return fmt.Sprintf("%s (%s–%s)", format(spread.Median), low, high)
	}
	return format(spread.Median)
}

// writeMarkdown writes a table whose first line is the header.
func writeMarkdown(w io.Writer, lines [][]string) error {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, width := range widths {
			b.WriteString("| " + strings.Repeat("-", width-min(i, 1)) + strings.Repeat(":", min(i, 1)) + " ")
		}
		b.WriteString("|\n")
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}

// Number formats a number with three significant digits, and larger ones without fractions.
func Number(n float64) string {
	switch {
	case n >= 100 || n == float64(int(n)):
		return fmt.Sprintf("%.0f", n)
	case n >= 10:
		return fmt.Sprintf("%.1f", n)
	default:
		return fmt.Sprintf("%.2f", n)
	}
}

// WriteComparison writes how the series of two runs differ: the ratios to the base of each
// run, or the medians where no ratio applies. Series that only one run has are listed at the
// end.
func WriteComparison(w io.Writer, older, newer *Run) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "workload\tserver\tmetric\tolder\tnewer\tchange\t")
	var missing []string
	for _, s := range newer.Series {
		old := older.find(s.Workload, s.Server, s.Metric)
		if old == nil {
			missing = append(missing, "only in the newer run: "+s.name())
			continue
		}
		a, b := older.compared(old), newer.compared(s)
		if s.Server == Base {
			continue // compared with itself
		}
		note := ""
		if a.Max < b.Min || b.Max < a.Min {
			note = "the ranges do not overlap"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Workload, s.Server, s.Metric, Number(a.Median), Number(b.Median), change(a.Median, b.Median), note)
	}
	for _, s := range older.Series {
		if newer.find(s.Workload, s.Server, s.Metric) == nil {
			missing = append(missing, "only in the older run: "+s.name())
		}
	}
	if err := t.Flush(); err != nil || len(missing) == 0 {
		return err
	}
	_, err := fmt.Fprintln(w, strings.Join(missing, "\n"))
	return err
}

// compared returns what a comparison shows of a series.
func (r *Run) compared(s *Series) stats.Spread {
	if spread, found := r.Ratio(s.Workload, s.Server, s.Metric); found && !slices.Contains(absolute, s.Metric) {
		return spread
	}
	return stats.Summarize(s.Values)
}

func (s *Series) name() string {
	return s.Workload + ", " + s.Server + ", " + s.Metric
}

func change(from, to float64) string {
	if from == 0 {
		return ""
	}
	return fmt.Sprintf("%+.0f %%", 100*(to-from)/from)
}
