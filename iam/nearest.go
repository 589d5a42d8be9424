package iam

import (
	"fmt"
	"strings"

	"extauthz/nearest"
)

// maxProposals bounds the unknown names of a policy for which the nearest known
// one is searched: each costs as much as reading a few hundred characters.
const maxProposals = 100

// propose returns a proposal of what find returns for the first unknown names of
// the policy, and "" for the rest.
func (c *compiler) propose(name string, find func(string) string) string {
	if c.proposals == maxProposals {
		return ""
	}
	c.proposals++
	if known := find(name); known != "" {
		return fmt.Sprintf("did you mean %q?", known)
	}
	return ""
}

// nearestAction returns the known ECR action whose name is nearest to a misspelled
// one, "" where none is near.
func nearestAction(name string) string {
	if strings.ContainsAny(name, "*?") {
		return ""
	}
	return nearest.To("ecr:"+name, ecrActions(), len(name)/3)
}
