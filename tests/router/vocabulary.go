package router

import "strings"

// The vocabulary of the requests. The names contain keywords of the paths,
// the separators of both grammars, and the letters that a client might escape.
var (
	repositories = []string{
		"team/app", "secret/app", "a", "v2", "tags", "a/blobs/b", "x/manifests", "a/blobs/uploads", "a/tags/list",
		"manifests", "blobs/uploads", "a__b/c-d--e.f", "library/alpine", "a/referrers/b", "a/manifests/b/blobs",
	}
	digests = []string{
		"sha256:69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd",
		"sha256:7854c9c3f2b28e3d3910068e05017f3ebadceee583196c91eb9adac8662db8b9",
		"sha256:72b244a81753a639bba2eedc92389ea90a0d3741b307b142eb4de3692c1ec03c", // of the manifest below
		"sha512:" + strings.Repeat("0123456789abcdef", 8),
	}
	references = []string{"v1", "latest", "list", "uploads", "sha256-69ab", "_x", "A.b-c", "tags"}
	uploads    = []string{"0f0f", "11111111-2222-3333-4444-555555555555", "list", "a_b=.c"}
	methods    = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "GETX", "CONNECT", "TRACE", "PRI"}
	parameters = []string{"mount", "from", "digest", "_state", "tag", "n", "last", "digest-algorithm", "artifactType", "ns", "x", "access_token"}

	// hostile pieces go anywhere in a path.
	hostile = []string{
		"%2f", "%2F", "%252f", "%2e%2e", "%2e", "..", ".", "/..", "/../", "//", "/", "/./", "..;", ";", ";x=1", "#", "%23", "?", "%3f", "&", "\\", "%5c",
		"%00", "%0d%0a", "\x00", "\t", " ", "\n", "\r\n", "\x7f", "%", "%zz", "%4", "%u002f", "é", "ѕ", "\xff", "\xc0\xaf", "\u212a",
		"A", "*", "${a}", ":", "@", "+", "~", "-", "__", "___", "%61", "%6d", "/v2", "/manifests/", "/blobs/", "/tags/list", "/blobs/uploads/",
		"/referrers/", "!", "http://registry", "//registry", "_catalog", "\u0130", "=", ",", "[", "|", "%c0%af",
	}

	// sources are what clients send for the source of a mount that no repository,
	// or none of ECR's, can be.
	sources = []string{
		"", "Secret/app", "other.example.com:5000/secret/app", "https://localhost/secret/app", "a__b/c-d--e.f", "a", "secret/app:v1",
		"secret/app@sha256:69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd", "-a", "a/.b", strings.Repeat("a", 257),
	}

	// values are hostile texts for a parameter.
	values = []string{
		"", "%", "%zz", "%00", "%0a", "+", "%2B", "a;b", "a&from=secret/app", "secret%2Fapp", "SECRET/app", "secret/app/", "secret//app", "/secret/app",
		"../secret/app", "secret/app%20", " secret/app", "*", "${x}", "é", "%ff", "sha256%3A00", "0", "-1", "5", "100000", "a#b", "%26mount=x", "localhost:5000/secret/app", "!", "a!b", "%21",
	}

	contentTypes = []string{
		"application/octet-stream", "application/json", "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
		"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
		"application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "APPLICATION/X-WWW-FORM-URLENCODED", " application/x-www-form-urlencoded",
		"applicat\u0130on/x-www-form-urlencoded", "application/x-www-form-urlencoded\u00a0", "\u3000application/x-www-form-urlencoded",
		"application/x-www-form-urlencoded, text/plain", "text/plain, application/x-www-form-urlencoded", "application/x-www-form-urlencoded;", "application/x-www-form-urlencoded;;a",
		"multipart/form-data; boundary=B", "Multipart/Form-Data;boundary=\"B\"", "multipart/mixed; boundary=B", "multipart/form-data", "multipart/form-data; boundary=B; boundary=C",
		"application/x-www-form-urlencoded\x0b", "text/plain", "",
	}

	otherHeaders = []string{
		"X-Original-Url", "X-Rewrite-Url", "X-HTTP-Method-Override", "X-Forwarded-Host", "X-Forwarded-Prefix", "Content-Range", "Accept", "If-None-Match",
		"Content_Type", "Content-Type ", "Range", "Expect", "Cookie", "Host", "Upgrade", "TE", "x-method-override",
		"X-Original-Path", "X-Original-Host", "X-Host", "X-Forwarded-Scheme", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Script-Name",
		"X-Artifactory-Override-Base-Url", "X-JFrog-Override-Base-Url", "X-Forwarded-Uri", "X_Host",
	}
)

// manifest is accepted by the registry as it is.
const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",` +
	`"digest":"sha256:69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd","size":2},"layers":[]}`
