package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzVerify checks that a request is accepted only if it is the one that was signed. The id of
// the access key is not a part of what is signed, because its secret is.
func FuzzVerify(f *testing.F) {
	const target, contentType = "Service.Operation", "application/x-www-form-urlencoded"
	good := newSigned(f, "sts", "eu-central-1", "token", form, now)
	authorization, date := good.Header.Get("Authorization"), good.Header.Get("X-Amz-Date")
	f.Add("POST", "sts.example.com", "/", "", authorization, date, contentType, target, "token", form, "X-Other", "x")
	f.Add("POST", "sts.example.com", "/", "", authorization, date, contentType, target, "token2", form, "X-Amz-Other", "x")
	f.Add("GET", "sts.example.com", "//", "x=y", authorization+", x=y", date, " "+contentType, target+" ", "token", form, "Authorization", "x")
	f.Add("POST", "sts.example.com:443", "/", "", strings.Replace(authorization, ", ", ",", 2), date, contentType, target, "token", form, "Host", "x")
	f.Fuzz(func(t *testing.T, method, host, path, query, header, at, kind, operation, token, body, otherName, otherValue string) {
		r := &http.Request{Method: method, Host: host, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{
			"Authorization": {header}, "X-Amz-Date": {at}, "Content-Type": {kind}, "X-Amz-Target": {operation},
			"X-Amz-Security-Token": {token}, "Amz-Sdk-Request": {"attempt=1; max=3"}, "Content-Length": {"43"},
		}}
		r.Header.Add(otherName, otherValue)
		if err := (signed{r, []byte(body)}).verify("sts", secret); err != nil {
			_ = codeOf(t, err)
			return
		}
		got := []string{method, host, path, query, at, body, folded(kind), folded(operation), folded(token)}
		if want := []string{"POST", "sts.example.com", "/", "", date, form, contentType, target, "token"}; !slices.Equal(got, want) {
			t.Errorf("accepted %q, want %q", got, want)
		}
		_, before, _ := strings.Cut(authorization, keyID)
		if _, after, _ := strings.Cut(header, "/"); strings.ReplaceAll("/"+after, ", ", ",") != strings.ReplaceAll(before, ", ", ",") {
			t.Errorf("accepted %q, want %q", header, authorization)
		}
	})
}

// folded returns a value without the blanks that do not count (IAM User Guide, "Create a signed
// AWS API request": Trim).
func folded(value string) string {
	return strings.Join(strings.FieldsFunc(strings.TrimSpace(value), func(r rune) bool { return r == ' ' }), " ")
}

// FuzzCheck checks that a request is accepted exactly if the reference implementation signs it
// the same way.
func FuzzCheck(f *testing.F) {
	f.Add("POST", "ecr.example.com", keyID, secret, "eu-central-1", "ecr", "application/x-amz-json-1.1", "text", "{}")
	f.Add("GET", "127.0.0.1:80", "A", "", "r", "s", `"a   b"`, "\u00e9  x", "")
	f.Add("", "", "A", "x", "r", "s", "\t", " ", "")
	f.Fuzz(func(t *testing.T, method, host, id, secret, region, service, kind, value, body string) {
		if secret == "" || strings.ContainsAny(kind+value+host, "\r\n\t\v\f\u0085\u00a0") || strings.TrimSpace(host) != host || strings.Contains(host, "  ") {
			return // which no server passes on
		}
		r := &http.Request{Method: method, Host: host, URL: &url.URL{Path: "/"}, Header: http.Header{
			"X-Amz-Date": {"20261129T120000Z"}, "Content-Type": {kind}, "X-Amz-Meta": {value},
		}}
		names := []string{"content-type", "host", "x-amz-date", "x-amz-meta"}
		r.Header.Set("Authorization", twinAuthorization(method, host, r.Header, []byte(body), names, id, secret, region, service))
		parsed, err := Parse(r, []byte(body), service, now)
		if err != nil {
			return // a name that the header cannot have
		}
		if err := parsed.Check(secret); err != nil {
			t.Error(err)
		}
		if err := parsed.Check(secret + "x"); err == nil {
			t.Error("accepted with another secret")
		}
	})
}
