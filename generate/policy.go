package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A statement is a statement of a generated policy.
type statement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource []string
}

// document is a generated policy in the form of AWS.
type document struct {
	Version   string
	Statement []statement
}

// MaxPolicySize is the limit on a managed policy, in characters without white space (IAM User
// Guide, "IAM and AWS STS quotas").
const MaxPolicySize = 6144

// A Pattern is a resource with a wildcard in a generated policy.
type Pattern struct {
	Resource  string   `json:"resource"`
	Sid       string   `json:"sid"`       // of its statement
	InsteadOf []string `json:"insteadOf"` // the resources that were used
}

// statements returns the statements that allow permissions: one for each set of actions. At
// least wildcard repositories with one parent and the same actions become a pattern; 0 means
// never.
func statements(permissions map[permission]*use, wildcard int) (all []statement, patterns []Pattern) {
	byResource := map[string][]string{}
	for p := range permissions {
		byResource[p.resource] = append(byResource[p.resource], p.action)
	}
	byActions := map[string][]string{} // resources by their actions, joined by spaces
	for resource, actions := range byResource {
		slices.Sort(actions)
		key := strings.Join(actions, " ")
		byActions[key] = append(byActions[key], resource)
	}
	sets := slices.Sorted(maps.Keys(byActions))
	for i, actions := range sets {
		slices.Sort(byActions[actions])
		exact, shortened := shorten(byActions[actions], wildcard)
		for _, resources := range chunks(exact) {
			all = append(all, statement{fmt.Sprintf("Used%d", len(all)+1), "Allow", strings.Fields(actions), resources})
		}
		for _, p := range shortened {
			p.Sid = fmt.Sprintf("Wildcard%d", len(all)+1)
			patterns = append(patterns, p)
			all = append(all, statement{p.Sid, "Allow", strings.Fields(sets[i]), []string{p.Resource}})
		}
	}
	return all, patterns
}

// shorten replaces resources with the same parent by a pattern, if there are at least so many
// of them. A resource that is used as a pattern, because the request is about every repository,
// is a pattern of its own.
func shorten(resources []string, wildcard int) (exact []string, patterns []Pattern) {
	parents := map[string][]string{}
	for _, resource := range resources {
		switch i := strings.LastIndexByte(resource, '/'); {
		case strings.HasSuffix(resource, "/*"):
			patterns = append(patterns, Pattern{Resource: resource, InsteadOf: []string{}})
		case i < 0 || strings.HasSuffix(resource[:i], ":repository"):
			exact = append(exact, resource)
		default:
			parents[resource[:i]] = append(parents[resource[:i]], resource)
		}
	}
	for _, parent := range slices.Sorted(maps.Keys(parents)) {
		if used := parents[parent]; wildcard > 0 && len(used) >= wildcard {
			patterns = append(patterns, Pattern{Resource: parent + "/*", InsteadOf: used})
		} else {
			exact = append(exact, used...)
		}
	}
	slices.Sort(exact)
	return exact, patterns
}

// maxResources is the limit on the text of the resources of one statement. The rest of it fits
// into a policy whatever actions of ECR it has.
const maxResources = MaxPolicySize / 2

// chunks splits resources so that each part fits into a statement.
func chunks(resources []string) (all [][]string) {
	start, size := 0, 0
	for i, resource := range resources {
		if size += len(resource) + len(`"",`); size > maxResources && i > start {
			all = append(all, resources[start:i])
			start, size = i, len(resource)+len(`"",`)
		}
	}
	if start < len(resources) {
		all = append(all, resources[start:])
	}
	return all
}

// documents returns policies with the statements, each within the limit of AWS.
func documents(all []statement) (texts []string) {
	var d document
	for _, s := range all {
		next := document{"2012-10-17", append(slices.Clip(d.Statement), s)}
		if len(d.Statement) > 0 && len(compact(&next)) > MaxPolicySize {
			texts = append(texts, indented(&d))
			next.Statement = []statement{s}
		}
		d = next
	}
	if len(d.Statement) > 0 {
		texts = append(texts, indented(&d))
	}
	return texts
}

// compact returns a policy without white space. Names of actions and resources have none.
func compact(d *document) []byte {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings always have a JSON form
	}
	return text
}

// indented returns the text of a policy file.
func indented(d *document) string {
	var text bytes.Buffer
	if err := json.Indent(&text, compact(d), "", "  "); err != nil {
		panic(err) // it is JSON
	}
	return text.String() + "\n"
}
