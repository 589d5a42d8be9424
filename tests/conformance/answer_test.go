package conformance

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	_ "extauthz/goldentest" // accept -update
)

// own are the headers that Envoy adds, and that a clock writes.
var own = []string{"Date", "Server", "X-Envoy-Upstream-Service-Time", "X-Request-Id"}

// accidental is what differs between two uploads: ids and signed state.
var accidental = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|_state=[A-Za-z0-9_%=-]+`)

// text is all of an answer that must be the same: status, headers and body.
func text(response *http.Response) (string, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	for _, name := range own {
		response.Header.Del(name)
	}
	var b strings.Builder
	fmt.Fprintln(&b, response.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		fmt.Fprintf(&b, "%s: %q\n", name, response.Header[name])
	}
	fmt.Fprintf(&b, "%s", body)
	return accidental.ReplaceAllString(b.String(), "…"), nil
}
