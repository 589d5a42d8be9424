package nearest

import (
	"fmt"
	"iter"
	"strings"
)

// To returns the known name that is nearest to a misspelled one, without regard to
// case, "" where more than most bytes must be changed to make any of it. Of several
// that are as near it returns the first.
func To(name string, known iter.Seq[string], most int) (nearest string) {
	name = strings.ToLower(name)
	for candidate := range known {
		lower := strings.ToLower(candidate)
		if max(len(lower)-len(name), len(name)-len(lower)) > most {
			continue // at least so many bytes must be inserted or removed
		}
		if d := distance(name, lower); d <= most && (nearest == "" || d < most) {
			nearest, most = candidate, d
		}
	}
	return nearest
}

// DidYouMean returns the end of an error's text that proposes a name, "" for "".
func DidYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", name)
}

// distance is how many bytes must be inserted, removed or replaced to make b of
// a (Levenshtein).
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
