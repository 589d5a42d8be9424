package mapping

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// twinQuery parses a query that all servers interpret in the same way.
func twinQuery(raw string) (url.Values, bool) {
	if raw == "" {
		return nil, true
	}
	for _, pair := range strings.Split(raw, "&") {
		if !twinPair.MatchString(pair) {
			return nil, false
		}
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, false
	}
	others := 0
	for name, all := range values {
		if name != "tag" {
			others++
		}
		if name != "tag" && len(all) > 1 || strings.EqualFold(name, "access_token") {
			return nil, false
		}
		for _, known := range []string{"mount", "from", "digest", "digest-algorithm", "tag"} {
			if strings.ToLower(name) == known && name != known {
				return nil, false
			}
		}
		for _, value := range all {
			if !utf8.ValidString(value) || twinControl.MatchString(value) {
				return nil, false
			}
		}
	}
	return values, others <= maxParameters
}

// twinOperation sets the operation according to the parameters.
func twinOperation(g *Settings, a *twinAnswer, q url.Values) bool {
	mount, from := q.Has("mount"), q.Has("from")
	if len(q["tag"]) > 1 && a.operation != PutManifest {
		return false
	}
	switch a.operation {
	case StartUpload:
		return twinUploadQuery(g, a, q)
	case CompleteUpload, UploadChunk:
		return !mount && !from && (!q.Has("digest") || twinReference(q.Get("digest")))
	case PutManifest:
		for i, tag := range q["tag"] {
			if i == 32 || !twinReference(tag) {
				return false
			}
		}
		a.tags = strings.Join(q["tag"], " ")
	}
	return !mount && !from
}

// twinUploadQuery sets the operation of a POST that starts an upload, by mount, from and digest.
func twinUploadQuery(g *Settings, a *twinAnswer, q url.Values) bool {
	mount, from, digest := q.Get("mount"), q.Get("from"), q.Get("digest")
	if !twinNameLike.MatchString(from) || twinDots.MatchString(from) || mount != "" && !twinReference(mount) || q.Has("digest") && !twinReference(digest) {
		return false
	}
	if mount != "" && twinName(g, from) && !q.Has("digest") {
		a.operation, a.reference = MountBlob, mount
		return true
	}
	if q.Has("from") {
		a.removed = "mount from"
	} else if q.Has("mount") {
		a.removed = "mount"
	}
	if q.Has("digest") {
		a.operation, a.reference = MonolithicUpload, digest
	}
	return !q.Has("mount") || !q.Has("digest")
}

// twinNameLike matches the text of a source, and twinDots matches what it must not contain.
var (
	twinNameLike = regexp.MustCompile(`\A[A-Za-z0-9._:/@\[\]-]*\z`)
	twinDots     = regexp.MustCompile(`(\A|/)\.\.?(/|\z)`)
)

// twinHeader returns the usual spelling of a header's name.
func twinHeader(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '_':
			return '-'
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return c
	}, name)
}

var (
	twinOverride = regexp.MustCompile(`\A(x-(original-(ur[li]|path|method)|rewrite-url|override-url|http-path-override|http-method(-override)?|method-override))\z`)
	twinRemoved  = regexp.MustCompile(`\A(forwarded|x-(real-ip|host|original-host|script-name)|x-(artifactory|jfrog)-override-base-url|x-forwarded-(host|port|prefix|uri|path|method|scheme|server|ssl))\z`)
	twinForm     = regexp.MustCompile(`(?i:form-urlencoded|multipart/)|[^ "-~]`)
)

func twinHeaders(headers []Header, o Operation) bool {
	for _, h := range headers {
		name := twinHeader(h.Name)
		if twinOverride.MatchString(name) || twinRemoved.MatchString(name) && strings.Contains(h.Name, "_") {
			return false
		}
		form := o >= StartUpload && o <= PutManifest // all that is about an upload, or writes
		if form && name == "content-type" && twinForm.MatchString(h.Value) {
			return false
		}
	}
	return true
}
