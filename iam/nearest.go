package iam

import (
	"fmt"
	"iter"
	"strings"
)

// maxProposals bounds the unknown names of a policy for which the nearest known
// one is searched: each costs as much as reading a few hundred characters.
const maxProposals = 100

// propose returns didYouMean of what nearest finds for the first unknown names of
// the policy, and "" for the rest.
func (c *compiler) propose(name string, nearest func(string) string) string {
	if c.proposals == maxProposals {
		return ""
	}
	c.proposals++
	return didYouMean(nearest(name))
}

// didYouMean ends a message with a proposal, "" where there is none.
func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", name)
}

// nearestAction returns the known ECR action whose name is nearest to a misspelled
// one, "" where none is near.
func nearestAction(name string) string {
	if strings.ContainsAny(name, "*?") {
		return ""
	}
	return nearestOf("ecr:"+name, ecrActions(), len(name)/3)
}

// nearestOf returns the known name that is nearest to a misspelled one, without
// regard to case, "" where the distance to each is greater than most.
func nearestOf(name string, known iter.Seq[string], most int) (nearest string) {
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
