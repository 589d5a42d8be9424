package signin

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/identity"
	"extauthz/identity/basic"
	"extauthz/mapping"
)

// newCheckRequest returns a request as authz reads it, with the credential of q. Envoy
// appends the peer of its connection to x-forwarded-for, and sets x-forwarded-proto.
func newCheckRequest(r *http.Request, q *request, now time.Time) (*authz.CheckRequest, *problem) {
	forwarded := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	peer, err := netip.ParseAddr(strings.Trim(forwarded[strings.LastIndexByte(forwarded, ',')+1:], " \t"))
	if err != nil || peer.Zone() != "" {
		return nil, &problem{status: http.StatusForbidden, code: codeDenied, message: "the request did not come through Envoy, which reports the client's address in x-forwarded-for"}
	}
	check := &authz.CheckRequest{
		ID: r.Header.Get("X-Request-Id"), Host: r.Host, Peer: peer.Unmap().String(), Time: now,
		TLS: strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"), RefreshToken: q.refresh,
	}
	check.Method, check.Path = r.Method, r.URL.Path
	add := func(name string, values []string) {
		for _, value := range values {
			check.Headers = append(check.Headers, mapping.Header{Name: name, Value: value})
		}
	}
	add("authorization", q.authorization)
	for _, name := range []string{"user-agent", "referer", "x-forwarded-for", "x-forwarded-proto"} {
		add(name, r.Header.Values(name))
	}
	return check, nil
}

// A request is what a client wants of the token endpoint.
type request struct {
	service       string
	authorization []string // the values of the Authorization header, or that of the form's credential
	refresh       string   // the refresh token, which then is the credential
	offline       bool     // the client wants a refresh token too
}

// basicScheme is the beginning of an Authorization header for HTTP Basic.
const basicScheme = "Basic "

// token returns the credential if it is a token, as a Bearer token or as a password; "" if it
// is the password of a user.
func (q *request) token() string {
	if q.refresh != "" {
		return q.refresh
	}
	if len(q.authorization) != 1 {
		return ""
	}
	scheme, credential, _ := strings.Cut(q.authorization[0], " ")
	if strings.EqualFold(scheme, "bearer") {
		return credential
	}
	user, password, err := basic.ParseCredential(credential)
	if err != nil || !identity.HasTokenPassword(user) {
		return ""
	}
	return password
}

// readRequest reads a request of Docker's token protocol.
func readRequest(w http.ResponseWriter, r *http.Request) (request, *problem) {
	switch r.Method {
	case http.MethodGet:
		return readQuery(r)
	case http.MethodPost:
		return readForm(w, r)
	}
	return request{}, &problem{status: http.StatusMethodNotAllowed, code: codeUnsupported, message: "the token endpoint supports GET and POST"}
}

// readQuery reads a request whose credential is in the Authorization header (Distribution,
// "Token Authentication Specification").
func readQuery(r *http.Request) (request, *problem) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return request{}, invalidRequest("the query is malformed")
	}
	q, p := parameters(values).read()
	q.authorization = r.Header.Values("Authorization")
	q.offline = values.Get("offline_token") == "true"
	return q, p
}

// readForm reads a request whose credential is in a form (Distribution, "Token
// Authentication OAuth2").
func readForm(w http.ResponseWriter, r *http.Request) (request, *problem) {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return request{}, &problem{status: http.StatusUnsupportedMediaType, code: codeUnsupported, message: "the body must be a form, application/x-www-form-urlencoded"}
	}
	if r.URL.RawQuery != "" {
		return request{}, invalidRequest("a POST has its parameters in the body")
	}
	if len(r.Header.Values("Authorization")) > 0 {
		return request{}, invalidRequest("a POST has its credential in the body, and not in an Authorization header")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return request{}, bodyProblem(err)
	}
	values := parameters(r.PostForm)
	q, p := values.read()
	if p != nil {
		return q, p
	}
	q.offline = r.PostForm.Get("access_type") == "offline"
	return q, values.credential(&q)
}

// parameters are the parameters of a request.
type parameters url.Values

// maxScopes is more than the number of scopes of a client's request.
const maxScopes = 64

// read reads what both kinds of requests have.
func (v parameters) read() (q request, p *problem) {
	for name, values := range v {
		if len(values) > 1 && name != "scope" {
			return q, invalidRequest("a parameter is repeated")
		}
	}
	if q.service = url.Values(v).Get("service"); q.service == "" {
		return q, invalidRequest("the parameter service is missing; it is in the challenge of the registry")
	}
	if len(v["scope"]) > maxScopes {
		return q, invalidRequest("the request has too many scopes")
	}
	for _, scopes := range v["scope"] {
		for scope := range strings.FieldsSeq(scopes) {
			if !isScope(scope) {
				return q, &problem{status: http.StatusBadRequest, code: codeUnsupported, oauth: "invalid_scope", message: "a scope is not TYPE:NAME:ACTIONS, such as repository:team/app:pull"}
			}
		}
	}
	return q, nil
}

// isScope reports whether a text is a scope (Distribution, "Docker Registry Token
// Authentication": TYPE:NAME:ACTIONS, where the name can have a colon before a port). A
// token has no rights, so that a scope has no other effect.
func isScope(text string) bool {
	kind, rest, found := strings.Cut(text, ":")
	last := strings.LastIndexByte(rest, ':')
	return found && kind != "" && last > 0 && len(text) <= 1024 &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// credential sets the credential of a form.
func (v parameters) credential(q *request) *problem {
	form := url.Values(v)
	switch grant := form.Get("grant_type"); grant {
	case "password":
		user, password := form.Get("username"), form.Get("password")
		if user == "" || password == "" || strings.Contains(user, ":") {
			return &problem{status: http.StatusBadRequest, code: codeUnsupported, oauth: "invalid_request", message: "username or password is missing, or the user name contains a colon"}
		}
		q.authorization = []string{basicScheme + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
	case "refresh_token":
		if q.refresh = form.Get("refresh_token"); q.refresh == "" {
			return invalidRequest("refresh_token is missing")
		}
	case "":
		return invalidRequest("grant_type is missing")
	default:
		return &problem{status: http.StatusBadRequest, code: codeUnsupported, oauth: "unsupported_grant_type", message: "grant_type is not password or refresh_token"}
	}
	return nil
}
