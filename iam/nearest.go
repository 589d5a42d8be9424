package iam

import (
	"fmt"
	"strings"
)

// maxProposals bounds the unknown actions of a policy for which the nearest known
// one is sought: each costs as much as reading a few hundred characters.
const maxProposals = 100

// propose is didYouMean for the first unknown actions of the policy, and "" for
// the rest.
func (c *compiler) propose(name string) string {
	if c.proposals == maxProposals {
		return ""
	}
	c.proposals++
	return didYouMean(name)
}

// didYouMean proposes the known ECR action whose name is nearest to a misspelt
// one, "" where none is near.
func didYouMean(name string) string {
	if strings.ContainsAny(name, "*?") {
		return ""
	}
	name = strings.ToLower(name)
	nearest, least := "", len(name)/3+1
	for action := range ecrActions() {
		known := strings.ToLower(action[len("ecr:"):])
		if max(len(known)-len(name), len(name)-len(known)) >= least {
			continue // so many bytes at least must be inserted or removed
		}
		if d := distance(name, known); d < least {
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
