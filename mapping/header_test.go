package mapping

import (
	"slices"
	"testing"
)

// TestRemoveHeaders checks the list of headers and that callers cannot change it.
func TestRemoveHeaders(t *testing.T) {
	want := []string{
		"forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix",
		"x-forwarded-uri", "x-forwarded-path", "x-forwarded-method", "x-real-ip",
		"x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-original-host",
		"x-host", "x-script-name", "x-artifactory-override-base-url", "x-jfrog-override-base-url",
	}
	got := RemoveHeaders()
	if !slices.Equal(got, want) {
		t.Fatalf("got %q; want %q", got, want)
	}
	got[0] = "changed"
	if !slices.Equal(RemoveHeaders(), want) {
		t.Error("one caller changes the list of another")
	}
}

// isRelevant reports whether Map depends on a header of this name. Case does not matter, nor does
// an underscore instead of a hyphen, because some servers do not distinguish them.
func isRelevant(name string) bool {
	return sameHeader(name, "content-type") || sameHeader(name, "content-length") ||
		sameHeader(name, "transfer-encoding") || isOverride(name)
}

// TestIsRelevant checks which headers Map depends on.
func TestIsRelevant(t *testing.T) {
	for _, name := range []string{
		"content-type", "Content-Type", "content_type", "content-length", "transfer-encoding", "TRANSFER_ENCODING",
		"x-original-url", "X-Original-URI", "x-rewrite-url", "x-override-url", "x-http-path-override",
		"x-http-method", "X-HTTP-Method-Override", "x_method_override", "x-original-method", "X_Original-Method",
		"x_forwarded_uri", "X-Forwarded_Path", "x_forwarded-method", "x_real_ip",
		"x-original-path", "X_Original_Path", "x_host", "X-Script_Name", "x_jfrog-override-base-url",
	} {
		if !isRelevant(name) {
			t.Errorf("%s is not relevant", name)
		}
	}
	for _, name := range []string{"", "authorization", "content-typ", "content-types", "content type", "x-forwarded-host", "X-Forwarded-URI", "x-real-ip", "x-host", "X-Original-Host", "x-forwarded-proto", ":path", "range"} {
		if isRelevant(name) {
			t.Errorf("%s is relevant", name)
		}
	}
}

// TestDeclaresNoBody checks which headers prove that a request has no body.
func TestDeclaresNoBody(t *testing.T) {
	tests := []struct {
		name    string
		headers []Header
		want    bool
	}{
		{"no header", nil, false},
		{"zero", []Header{{"content-length", "0"}}, true},
		{"zero among others", []Header{{"accept", "*/*"}, {"content-length", "0"}, {"host", "x"}}, true},
		{"five", []Header{{"content-length", "5"}}, false},
		{"empty", []Header{{"content-length", ""}}, false},
		{"padded", []Header{{"content-length", " 0"}}, false},
		{"joined", []Header{{"content-length", "0,0"}}, false},
		{"twice", []Header{{"content-length", "0"}, {"content-length", "0"}}, false},
		{"zero and five", []Header{{"content-length", "0"}, {"content-length", "5"}}, false},
		{"five and zero", []Header{{"content-length", "5"}, {"content-length", "0"}}, false},
		{"chunks before", []Header{{"transfer-encoding", "chunked"}, {"content-length", "0"}}, false},
		{"chunks after", []Header{{"content-length", "0"}, {"transfer-encoding", ""}}, false},
		{"underscore", []Header{{"content_length", "0"}}, false},
	}
	for _, test := range tests {
		if got := declaresNoBody(test.headers); got != test.want {
			t.Errorf("%s: got %v; want %v", test.name, got, test.want)
		}
	}
}

// TestMayBeForm checks which values of Content-Type could be those of a form.
func TestMayBeForm(t *testing.T) {
	for _, value := range []string{
		"", "application/json", "application/octet-stream", "application/vnd.oci.image.layer.v1.tar+gzip",
		"application/octet-stream; charset=utf-8", "text/plain",
	} {
		if mayBeForm(value) {
			t.Errorf("%q counts as a form", value)
		}
	}
	for _, value := range []string{
		"application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded;charset=utf-8",
		"multipart/form-data; boundary=x", "a/b, multipart/form-data", "applİcation/x-www-form-urlencoded",
		"applİcation/octet-stream", "application/json\x00", "application/json\t", "\x80", "multipart!/form-data", "application/octet-stream!",
	} {
		if !mayBeForm(value) {
			t.Errorf("%q does not count as a form", value)
		}
	}
}
