package differential

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"extauthz/iam"
)

// shrink removes from a case everything that the difference does not need, and returns the
// other evaluator's answer to the rest.
func (w *worker) shrink(k *Case, theirs string) (*Case, string, error) {
	for {
		smaller, answer, err := w.smaller(k)
		if smaller == nil || err != nil {
			return k, theirs, err
		}
		k, theirs = smaller, answer
	}
}

// smaller returns a case with one thing less and still a difference, or nil.
func (w *worker) smaller(k *Case) (*Case, string, error) {
	for _, candidate := range shrunk(k) {
		v, err := w.decide(candidate)
		if err != nil {
			continue // it is not a valid question any more
		}
		theirs, err := w.driver.Ask(candidate)
		if err != nil {
			return nil, "", err
		}
		if theirs != v.masked && !strings.HasPrefix(theirs, "refused") {
			return candidate, theirs, nil
		}
	}
	return nil, "", nil
}

// shrunk returns copies of a case with one thing less each, large things first.
func shrunk(k *Case) (cases []*Case) {
	change := func(edit func(*Case)) {
		smaller := k.clone()
		edit(smaller)
		cases = append(cases, smaller)
	}
	for i := range lists(k) {
		for j := range *lists(k)[i] {
			change(func(c *Case) { *lists(c)[i] = slices.Delete(*lists(c)[i], j, j+1) })
		}
	}
	for i := range k.SCPs {
		change(func(c *Case) { c.SCPs = slices.Delete(c.SCPs, i, i+1) })
	}
	for i := range k.RCPs {
		change(func(c *Case) { c.RCPs = slices.Delete(c.RCPs, i, i+1) })
	}
	for i := range k.Context {
		change(func(c *Case) { c.Context = slices.Delete(c.Context, i, i+1) })
	}
	for i := range allStatements(k) {
		for _, edit := range shrinkStatement(allStatements(k)[i]) {
			change(func(c *Case) { edit(allStatements(c)[i]) })
		}
	}
	return cases
}

// lists returns the lists of documents.
func lists(k *Case) []*[]Document {
	all := []*[]Document{&k.Identity, &k.Boundary, &k.Session, &k.Resources}
	for i := range k.SCPs {
		all = append(all, &k.SCPs[i])
	}
	for i := range k.RCPs {
		all = append(all, &k.RCPs[i])
	}
	return all
}

func allStatements(k *Case) (all []*Statement) {
	k.statements(func(_ *Document, s *Statement) { all = append(all, s) })
	return all
}

// shrinkStatement returns edits that reduce a statement. An Allow of nothing represents a
// removed statement.
func shrinkStatement(s *Statement) (edits []func(*Statement)) {
	if s.Effect == iam.Allow && len(s.Actions)+len(s.Conditions) > 0 && s.Actions[0] != "none:None" {
		edits = append(edits, func(s *Statement) { s.Actions, s.NotAction, s.Conditions = []string{"none:None"}, false, nil })
	}
	for i := range s.Conditions {
		edits = append(edits, func(s *Statement) { s.Conditions = slices.Delete(s.Conditions, i, i+1) })
		for j := range s.Conditions[i].Values {
			if len(s.Conditions[i].Values) > 1 {
				edits = append(edits, func(s *Statement) { s.Conditions[i].Values = slices.Delete(s.Conditions[i].Values, j, j+1) })
			}
		}
	}
	for i := range s.Resources {
		if len(s.Resources) > 1 {
			edits = append(edits, func(s *Statement) { s.Resources = slices.Delete(s.Resources, i, i+1) })
		}
	}
	for i := range s.Actions {
		if len(s.Actions) > 1 {
			edits = append(edits, func(s *Statement) { s.Actions = slices.Delete(s.Actions, i, i+1) })
		}
	}
	return edits
}

// difference describes a case that the masks do not explain.
func (w *worker) difference(k *Case, number uint64, theirs string, err error) string {
	v, deciding := w.decide(k)
	var names []string
	for m := range v.applied {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return fmt.Sprintf("question %d: iam says %s, and %s with the masks %q; the other says %s %v\n%s",
		number, v.plain, v.masked, names, theirs, errors.Join(err, deciding), k.describe())
}

// describe writes a case for a person to read, a line for each document.
func (k *Case) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "caller   %+v\naction   %s\nresource %s, owned by %q\ncontext  %+v\nmanagement account %q\n",
		k.Caller, k.Action, k.Resource, k.owner(), k.Context, k.ManagementAccount)
	k.documents(func(d *Document) {
		text, _ := json.Marshal(d) // iam has compiled it
		fmt.Fprintf(&b, "%v %s\n", d.Kind, text)
	})
	return b.String()
}
