package simulate

import (
	"io"
	"strings"

	"extauthz/mapping"
)

// mappedRequest is a mapping as JSON. Reference and repository are "" where the
// request names none. Tags are those that a manifest is put under beside its
// reference; they are absent where there are none.
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

// refusedRequest is a refusal as JSON.
type refusedRequest struct {
	Code    string `json:"refused"`
	Message string `json:"message"`
}

// MapJSON is what a request asks of a registry, or why it is refused, as one
// line of JSON with its line feed. It tells which of the two.
func MapJSON(g *mapping.Registry, r *mapping.Request) (line string, ok bool) {
	m, refusal := g.Map(r)
	if refusal != nil {
		return encode(refusedRequest{refusal.Code, refusal.Message}, ""), false
	}
	out := mappedRequest{
		Operation: m.Operation.String(), Repository: m.Repository, Reference: m.Reference, Tags: m.Tags,
		Permissions:           make([]permission, 0, len(m.Permissions)),
		RemoveQueryParameters: append([]string{}, m.RemoveQueryParameters...), // never null
	}
	for _, p := range m.Permissions {
		out.Permissions = append(out.Permissions, permission{p.Action, p.Resource, p.Alternative, p.Optional})
	}
	return encode(out, ""), true
}

// MapLines maps the request in each line of from and writes a line of JSON for
// it, as MapJSON gives, in order: line n of the output answers line n of the
// input, whatever is in it. A line is a method, a path and headers with tabs
// between them; headers are separated by |, and further columns are ignored. No
// line is skipped and nothing is trimmed, since any bytes may be a request: an
// empty line, a comment or a row of titles is a request that is refused. It fails
// only where reading or writing does.
func MapLines(g *mapping.Registry, from io.Reader, to io.Writer) error {
	return eachLine(from, to, func(_ int, line []byte, tooLong bool) string {
		if tooLong {
			return encode(refusedRequest{"UNSUPPORTED", "the line is longer than 16 MiB"}, "")
		}
		r, ok := parseRow(string(line))
		if !ok {
			return encode(refusedRequest{"UNSUPPORTED", "a header is not written as NAME: VALUE"}, "")
		}
		text, _ := MapJSON(g, r)
		return text
	})
}

// parseRow takes a line of MapLines apart.
func parseRow(line string) (*mapping.Request, bool) {
	method, rest, _ := strings.Cut(line, "\t")
	path, rest, _ := strings.Cut(rest, "\t")
	headers, _, _ := strings.Cut(rest, "\t")
	r := &mapping.Request{Method: method, Path: path}
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

// ParseHeader reads a header field as people type it, NAME: VALUE. The name is
// put into lower case and the blanks around the value are left out, as Envoy
// does. It is false where there is no colon, or the name is not one of HTTP (RFC
// 9110, section 5.1).
func ParseHeader(text string) (mapping.Header, bool) {
	name, value, found := strings.Cut(text, ":")
	if !found || name == "" || strings.ContainsFunc(name, notInHeaderName) {
		return mapping.Header{}, false
	}
	return mapping.Header{Name: strings.ToLower(name), Value: strings.Trim(value, " \t")}, true
}

// notInHeaderName says whether a character cannot stand in the name of a header
// (RFC 9110, section 5.6.2).
func notInHeaderName(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
}
