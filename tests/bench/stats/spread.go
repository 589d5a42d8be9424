package stats

import "slices"

// A Spread is the median of measurements, and their range.
type Spread struct {
	Median, Min, Max float64
	Count            int
}

// Summarize returns the spread of values. Without values it is zero.
func Summarize(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1], Count: len(sorted)}
}

// Ratios returns values[i]/base[i] for each round i that both have. A round whose base is not
// positive is left out.
func Ratios(values, base []float64) (ratios []float64) {
	for i := range min(len(values), len(base)) {
		if base[i] > 0 {
			ratios = append(ratios, values[i]/base[i])
		}
	}
	return ratios
}
