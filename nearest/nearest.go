package nearest

import (
	"fmt"
	"iter"
	"strings"
)

// To returns the known name with the smallest edit distance to name, without regard to
// case. It returns the first of several, and "" if all distances are larger than most.
func To(name string, known iter.Seq[string], most int) (nearest string) {
	name = strings.ToLower(name)
	for candidate := range known {
		lower := strings.ToLower(candidate)
		if max(len(lower)-len(name), len(name)-len(lower)) > most {
			continue // the distance is at least the difference of the lengths
		}
		if d := distance(name, lower); d <= most && (nearest == "" || d < most) {
			nearest, most = candidate, d
		}
	}
	return nearest
}

// DidYouMean returns the end of an error message that suggests a name, "" for "".
func DidYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", name)
}

// distance returns the number of bytes to insert, remove or replace to change a into b
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
