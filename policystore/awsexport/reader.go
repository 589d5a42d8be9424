package awsexport

import (
	"bytes"
	"encoding/json/jsontext"
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/strictjson"
)

// saveAgain is the remedy for an output that differs from what AWS prints.
const saveAgain = "save the output as it is"

// A String is a string of an output, and where it begins in the file.
type String struct {
	Text string
	At   diag.Point
}

// A reader reads one output.
type reader struct {
	*strictjson.Reader
	file string
}

func newReader(file string, text []byte) (*reader, error) {
	r, err := strictjson.NewFileReader(file, text)
	return &reader{r, file}, err
}

// newOutputReader returns a reader of a text that is an object with a member of one of
// these names, and nil for another text: that is not an output of the command.
func newOutputReader(file string, text []byte, names ...string) (*reader, error) {
	if !slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(text, []byte(`"`+name+`"`)) }) {
		return nil, nil
	}
	r, err := newReader(file, text)
	if err != nil || !slices.ContainsFunc(names, r.has) {
		return nil, err
	}
	return r, nil
}

// has reports whether the text is an object with a member of that name.
func (r *reader) has(name string) bool { return r.MemberKind(name) != jsontext.KindInvalid }

// fault returns an error at a point of the file.
func (r *reader) fault(at diag.Point, problem, remedy string) error {
	return diag.New(diag.File(r.file).At(at), problem, remedy)
}

// A member is one that an object of an output may have.
type member struct {
	name string
	into *String          // the value, if it is a string
	read func() error     // reads another value
	need need             // what is required of it
	at   func(diag.Point) // receives the position of the name; may be nil

	anyCase bool // the name may be in another case
}

// A need is what is required of a member.
type need uint8

const (
	optional need = iota // may be missing
	present              // must exist
	nonEmpty             // must exist and not be ""
)

// text returns a member that must be a string and not "".
func text(name string, into *String) member { return member{name: name, into: into, need: nonEmpty} }

// label returns a member that may be missing. If it exists, it names the object in errors.
func label(name string, into *String) member { return member{name: name, into: into} }

// value returns a member that may be missing, with a function that reads its value.
func value(name string, read func() error) member { return member{name: name, read: read} }

// required returns a member that must exist, with a function that reads its value.
func required(name string, read func() error) member {
	return member{name: name, read: read, need: present}
}

// object reads the next value, an object with these members. It skips other members. It
// returns an error for each member with a fault, and if the object is truncated, has two
// names that differ only in case, or lacks a member that it must have.
func (r *reader) object(what string, members ...member) error {
	return r.checkedObject(what, nil, members...)
}

// checkedObject is object with a function that checks the name of every member, before
// its value is read.
func (r *reader) checkedObject(what string, check func(name string, at int) error, members ...member) error {
	if r.Kind() != jsontext.KindBeginObject {
		return r.Members(what, nil)
	}
	start, truncated := r.Point(r.Start()), false
	found, faulty, spelled := make([]bool, len(members)), make([]bool, len(members)), map[string]string{}
	err := r.Members(what, func(name string, at int) error {
		folded := strings.ToLower(name)
		if earlier, twice := spelled[folded]; twice && earlier != name {
			return r.ErrorAt(at, fmt.Sprintf("%q and %q are both present, but AWS writes only one of them", name, earlier), saveAgain)
		}
		if check != nil {
			if err := check(name, at); err != nil {
				return err
			}
		}
		spelled[folded] = name
		for i := range members {
			if m := &members[i]; m.name == name || m.anyCase && strings.EqualFold(m.name, name) {
				err := r.member(m, at)
				found[i], faulty[i] = true, err != nil
				return err
			}
		}
		err := r.skip(name, at)
		if err != nil && truncated {
			return nil // the same fault
		}
		truncated = truncated || err != nil
		return err
	})
	var faults diag.Faults
	faults.Add(err)
	faults.Add(r.checkNeeds(start, what, members, found, faulty))
	return faults.Err()
}

// member reads the value of a member whose name is at an offset.
func (r *reader) member(m *member, at int) (err error) {
	if m.at != nil {
		m.at(r.Point(at))
	}
	if m.into == nil {
		return m.read()
	}
	m.into.At = r.Point(r.Start())
	m.into.Text, _, err = r.String(m.name)
	return err
}

// checkNeeds returns an error that lists the members which an object lacks. It names the
// object by its first string. A faulty member is not empty.
func (r *reader) checkNeeds(start diag.Point, what string, members []member, found, faulty []bool) error {
	var missing, empty []string
	entry := what
	for i, m := range members {
		isEmpty := m.into == nil || m.into.Text == ""
		switch {
		case m.need != optional && !found[i]:
			missing = append(missing, m.name)
		case m.need == nonEmpty && isEmpty && !faulty[i]:
			empty = append(empty, m.name)
		case entry == what && !isEmpty && len(m.into.Text) < 200:
			entry = fmt.Sprintf("%s (%s %q)", what, m.name, m.into.Text)
		}
	}
	switch {
	case len(missing) > 0:
		return r.fault(start, fmt.Sprintf("%s lacks %s", entry, strings.Join(missing, " and ")), saveAgain)
	case len(empty) > 0:
		return r.fault(start, fmt.Sprintf("%s has an empty %s", entry, strings.Join(empty, " and ")), saveAgain)
	}
	return nil
}

// list reads the next value, a list whose items do not depend on each other.
func (r *reader) list(what string, read func() error) error {
	return r.Items(what, func(int) error { return read() })
}

// skip reads a member that decides nothing. It returns an error if the member says that
// the output is truncated. IAM and ECR write the names of such members in different case.
func (r *reader) skip(name string, at int) error {
	if !isContinuation(name) {
		return r.Skip()
	}
	value, err := r.Raw()
	if err != nil || string(value) == "null" || string(value) == "false" {
		return err
	}
	return r.ErrorAt(at, fmt.Sprintf("the output is truncated (%s is set)", name), "save it again without --max-items and --no-paginate")
}

// isContinuation reports whether a member of that name says that an output has another
// page.
func isContinuation(name string) bool {
	switch strings.ToLower(name) {
	case "istruncated", "marker", "nexttoken":
		return true
	}
	return false
}

// refuseDocument returns a check for an output that has a policy in a member: the members
// of a policy document next to it would have no effect.
func (r *reader) refuseDocument(member string, names ...string) func(string, int) error {
	return func(name string, at int) error {
		for _, refused := range append(names, "Version", "Id", "Statement") {
			if name == refused {
				return r.ErrorAt(at, fmt.Sprintf("%s is next to %s", name, member), "keep only the policy, or the output as it is")
			}
		}
		return nil
	}
}
