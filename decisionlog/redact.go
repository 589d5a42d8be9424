package decisionlog

import (
	"regexp"

	"extauthz/authz"
)

// userinfo matches "USER:PASSWORD@", which a URL may carry before its host (RFC
// 3986, section 3.2.1).
var userinfo = regexp.MustCompile(`[^\s"/@]+@`)

// reason is why r was decided so. The reason of a refusal may quote a path or a
// host, and there a password may stand. Other reasons quote nothing of the
// request, and their ARNs may hold an @.
func reason(r *authz.Result) string {
	if r.Decision == authz.Refused {
		return userinfo.ReplaceAllLiteralString(r.Reason, "…@")
	}
	return r.Reason
}
