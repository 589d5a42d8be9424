package envoy

import (
	"fmt"
	"regexp"
	"time"

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
		return nil, jsonError(source, err)
	}
	if at := m.GetAttributes().GetRequest().GetTime(); at.IsValid() {
		now = at.AsTime()
	}
	return toRequest(m, now), nil
}

// What protojson says that can be repeated.
var (
	jsonPlace   = regexp.MustCompile(`\(line (\d+):(\d+)\)`)
	jsonUnknown = regexp.MustCompile(`unknown field "([A-Za-z_][A-Za-z0-9_]{0,39})"`)
)

// jsonError says where the text is wrong, in words that do not repeat it.
func jsonError(source string, err error) error {
	place, wrong := source, "no CheckRequest"
	if found := jsonPlace.FindStringSubmatch(err.Error()); found != nil {
		place += ":" + found[1] + ":" + found[2]
	}
	if found := jsonUnknown.FindStringSubmatch(err.Error()); found != nil {
		wrong = fmt.Sprintf("unknown field %q in a CheckRequest", found[1])
	}
	return fmt.Errorf("%s: %s; write an envoy.service.auth.v3.CheckRequest in the JSON of Protocol Buffers", place, wrong)
}
