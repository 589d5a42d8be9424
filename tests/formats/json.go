package formats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
)

// An object is a JSON object whose members have an order.
type object []member

type member struct {
	name  string
	value any
}

// A list is a JSON array.
type list []any

// A policy is the text of a document, which is in an output as an object or as a URL-encoded
// string.
type policy string

// unknown is the value of a member that AWS does not define.
const unknown = policy(`{"Statement":[],"Arn":"x","PolicyDocument":"{}","Effect":"Deny"}`)

// A style is a way to write outputs. The zero style is that of the AWS CLI.
type style struct {
	*rand.Rand // if not nil: random order, unknown members, and escapes
	encode     bool
	compact    bool
}

// write returns the text of a value.
func (s style) write(v any) string {
	text := s.text(v)
	if s.compact {
		return text
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(text), "", "    "); err != nil {
		panic(fmt.Sprintf("%v in %s", err, text)) // text returns JSON
	}
	return indented.String() + "\n"
}

func (s style) text(v any) string {
	switch v := v.(type) {
	case object:
		return s.object(v)
	case list:
		items := make([]string, len(v))
		for i := range v {
			items[i] = s.text(v[i])
		}
		return "[" + strings.Join(items, ",") + "]"
	case policy:
		if s.encode && v != unknown && (s.Rand == nil || s.IntN(3) > 0) {
			return s.quoted(strings.ReplaceAll(url.QueryEscape(string(v)), "+", "%20"))
		}
		return s.document(string(v))
	case string:
		return s.quoted(v)
	}
	return fmt.Sprint(v)
}

func (s style) object(o object) string {
	o = slices.Clone(o)
	if s.Rand != nil {
		o = append(o, member{"FutureDetail", unknown})
		s.Shuffle(len(o), func(i, j int) { o[i], o[j] = o[j], o[i] })
	}
	var members []string
	for _, m := range o {
		members = append(members, style{}.quoted(m.name)+":"+s.text(m.value)) // names are ASCII
	}
	return "{" + strings.Join(members, ",") + "}"
}

// document returns a policy with its members in random order.
func (s style) document(text string) string {
	if s.Rand == nil {
		return text
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(err) // documents are JSON
	}
	return s.shuffled(v)
}

func (s style) shuffled(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for name, value := range v {
			members = append(members, s.quoted(name)+":"+s.shuffled(value))
		}
		slices.Sort(members)
		s.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = s.shuffled(v[i])
		}
		return "[" + strings.Join(items, ",") + "]"
	case string:
		return s.quoted(v)
	}
	return fmt.Sprint(v)
}

// quoted returns a JSON string, in which some characters may be escaped.
func (s style) quoted(text string) string {
	if s.Rand == nil || s.IntN(8) > 0 {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err) // every string can be marshaled
		}
		return string(quoted)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r < 0x20 || r == '"' || r == '\\' || s.IntN(4) == 0 {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
