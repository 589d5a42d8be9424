package iam

import (
	"fmt"
	"strings"
)

// didYouMean proposes the known ECR action whose name is nearest to a misspelt
// one, "" where none is near.
func didYouMean(name string) string {
	if strings.ContainsAny(name, "*?") {
		return ""
	}
	nearest, least := "", len(name)/3+1
	for action := range ecrActions() {
		if d := distance(strings.ToLower(name), strings.ToLower(action[len("ecr:"):])); d < least {
			nearest, least = action, d
		}
	}
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
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
