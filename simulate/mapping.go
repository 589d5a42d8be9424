package simulate

import (
	"io"
	"strings"

	"extauthz/mapping"
)

// mappedRequest is the JSON form of a mapping. Reference and repository are "" if the
// request has none. Tags are those that the request adds to a manifest in addition to
// its reference.
type mappedRequest struct {
	Operation             string       `json:"operation"`
	Repository            string       `json:"repository"`
	Reference             string       `json:"reference"`
	Tags                  []string     `json:"tags,omitempty"`
	Permissions           []permission `json:"permissions"`
	RemoveQueryParameters []string     `json:"removeQueryParameters"`
}

type permission struct {
	Action      string `json:"action"`
	Resource    string `json:"resource"`
	Alternative string `json:"alternative,omitempty"`
	Optional    bool   `json:"optional,omitempty"`
}

// refusedRequest is the JSON form of a refusal.
type refusedRequest struct {
	Code    string `json:"refused"`
	Message string `json:"message"`
}

// MapJSON returns the permissions that a request to a registry needs, or why the mapping
// refuses it, as a line of JSON with its line feed. ok reports whether it was mapped.
func MapJSON(g *mapping.Settings, r *mapping.HTTPRequest) (line string, ok bool) {
	m, refused := mapRequest(g, r)
	if refused != nil {
		return encode(refused, ""), false
	}
	return encode(m, ""), true
}

// MapText is MapJSON, as text for people.
func MapText(g *mapping.Settings, r *mapping.HTTPRequest) (text string, ok bool) {
	m, refused := mapRequest(g, r)
	if refused != nil {
		return refused.text(), false
	}
	return m.text(), true
}

// mapRequest returns either of the forms of a mapping.
func mapRequest(g *mapping.Settings, r *mapping.HTTPRequest) (*mappedRequest, *refusedRequest) {
	m, refusal := g.Map(r)
	if refusal != nil {
		return nil, &refusedRequest{refusal.Code, refusal.Message}
	}
	out := &mappedRequest{
		Operation: m.Operation.String(), Repository: m.Repository, Reference: m.Reference, Tags: m.Tags,
		Permissions:           make([]permission, 0, len(m.Permissions)),
		RemoveQueryParameters: append([]string{}, m.RemoveQueryParameters...), // never null
	}
	for _, p := range m.Permissions {
		out.Permissions = append(out.Permissions, permission{p.Action, p.Resource, p.Alternative, p.Optional})
	}
	return out, nil
}

// MapLines maps the request in each line and writes what [MapJSON] returns, so that line
// n of the output belongs to line n of the input. A line has a method, a path and
// headers, separated by tabs. Headers are separated by |, and further columns are
// ignored. MapLines skips no line and trims nothing, because requests can consist of any
// bytes: an empty line, a comment or a row of titles is a request that is refused. It
// fails only if reading or writing fails.
func MapLines(g *mapping.Settings, from io.Reader, to io.Writer) error {
	return eachLine(from, to, func(_ int, line []byte, tooLong bool) string {
		if tooLong {
			return encode(refusedRequest{"UNSUPPORTED", "the line is longer than 16 MiB"}, "")
		}
		r, ok := parseRow(string(line))
		if !ok {
			return encode(refusedRequest{"UNSUPPORTED", "a header does not have the form NAME: VALUE"}, "")
		}
		text, _ := MapJSON(g, r)
		return text
	})
}

// parseRow parses a line of MapLines.
func parseRow(line string) (*mapping.HTTPRequest, bool) {
	method, rest, _ := strings.Cut(line, "\t")
	path, rest, _ := strings.Cut(rest, "\t")
	headers, _, _ := strings.Cut(rest, "\t")
	r := &mapping.HTTPRequest{Method: method, Path: path}
	if headers == "" {
		return r, true
	}
	for text := range strings.SplitSeq(headers, "|") {
		header, ok := ParseHeader(text)
		if !ok {
			return nil, false
		}
		r.Headers = append(r.Headers, header)
	}
	return r, true
}

// ParseHeader parses a header of the form NAME: VALUE. Like Envoy, it changes the name to
// lower case and removes the blanks around the value. ok is false without a colon or a
// valid name (RFC 9110, section 5.1).
func ParseHeader(text string) (h mapping.Header, ok bool) {
	name, value, found := strings.Cut(text, ":")
	if !found || name == "" || strings.ContainsFunc(name, notInHeaderName) {
		return mapping.Header{}, false
	}
	return mapping.Header{Name: strings.ToLower(name), Value: strings.Trim(value, " \t")}, true
}

// notInHeaderName reports whether the name of a header cannot contain a character (RFC
// 9110, section 5.6.2).
func notInHeaderName(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
}
