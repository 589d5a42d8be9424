package envoy

import (
	"bytes"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"extauthz/authz"
)

// ParseCheckRequest reads a CheckRequest in the JSON form of Protocol Buffers
// and makes of it what the service would. The request came in when the message
// says, or at now where it does not. The error names source, what the text is
// from, with line and column, and holds nothing of the text but the name of a
// field, since the text holds credentials.
func ParseCheckRequest(source string, text []byte, now time.Time) (*authz.Request, error) {
	m := new(authv3.CheckRequest)
	if err := protojson.Unmarshal(text, m); err != nil {
		return nil, jsonError(source, text)
	}
	if at := m.GetAttributes().GetRequest().GetTime(); at.IsValid() {
		now = at.AsTime()
	}
	return toRequest(m, now), nil
}

// fieldName is the form of the names of fields: another text may be a secret.
var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,39}$`)

// jsonError says where the text is wrong, in words that do not repeat it.
func jsonError(source string, text []byte) error {
	found, wrong := findFault(new(authv3.CheckRequest).ProtoReflect(), text, 0), "no CheckRequest"
	if fieldName.MatchString(found.field) {
		wrong = fmt.Sprintf("unknown field %q in a CheckRequest", found.field)
	}
	before := text[:min(found.offset, len(text))]
	line, lastLine := bytes.Count(before, []byte("\n"))+1, before[bytes.LastIndexByte(before, '\n')+1:]
	return fmt.Errorf("%s:%d:%d: %s; write an envoy.service.auth.v3.CheckRequest in the JSON of Protocol Buffers", source, line, utf8.RuneCount(lastLine)+1, wrong)
}
