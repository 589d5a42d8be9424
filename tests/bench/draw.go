package main

import (
	"math"
	"os"
	"path/filepath"

	"extauthz/tests/bench/chart"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
)

// drawCharts draws the charts of a run into a folder.
func drawCharts(r *result.Run, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	charts := map[string]*chart.Chart{
		"latency.svg": latencyChart(r),
		"growth.svg":  growthChart(r),
	}
	for name, c := range charts {
		if len(c.Lines) == 0 {
			continue // it was not measured
		}
		if err := os.WriteFile(filepath.Join(dir, name), c.SVG(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// latencyChart shows the distribution of latencies of the open loop.
func latencyChart(r *result.Run) *chart.Chart {
	c := &chart.Chart{Title: "Latency of checks, 2,000 per second", X: chart.Nines("share of the checks")}
	low, high := math.Inf(1), 0.0
	for _, curve := range r.Latencies {
		if curve.Workload != openLoop {
			continue
		}
		line := chart.Line{Name: curve.Server, Color: len(c.Lines), Dashed: curve.Server == before}
		for _, p := range curve.Points {
			line.Points = append(line.Points, [2]float64{p.Share, p.Micros})
			low, high = min(low, p.Micros), max(high, p.Micros)
		}
		c.Lines = append(c.Lines, line)
	}
	c.Y = chart.Logarithmic("µs", low, high)
	return c
}

// growthChart shows the CPU time of misses in relation to the base, by the number of
// statements.
func growthChart(r *result.Run) *chart.Chart {
	c := &chart.Chart{
		Title: "CPU time of a check whose decision is not cached",
		X:     chart.Logarithmic("statements in the policy directory", float64(growthSizes[0]), float64(growthSizes[len(growthSizes)-1])),
	}
	high := 2.0
	for color, shape := range workload.Shapes {
		for _, server := range []string{sidecar, before} {
			line := chart.Line{Name: string(shape), Color: color, Dashed: server == before}
			if server == before {
				line.Name += ", before"
			}
			for _, statements := range growthSizes {
				if ratio, found := r.Ratio(growthWorkload(shape, statements), server, result.CPU); found {
					line.Points = append(line.Points, [2]float64{float64(statements), ratio.Median})
					high = max(high, ratio.Median)
				}
			}
			if len(line.Points) > 0 {
				c.Lines = append(c.Lines, line)
			}
		}
	}
	c.Y = chart.Logarithmic("times the "+result.Base, 0.5, high)
	return c
}
