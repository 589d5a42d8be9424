package mapping

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// The twin is a second, slow reading of the same rules by other means: regular
// expressions over the whole path, and the standard library's query reader
// behind a regular expression that lets through only what all readers agree on.

// twinRoute is one line of the specification's table of endpoints. In its
// pattern NAME stands for a repository and REF for a reference.
type twinRoute struct {
	methods, pattern string
	operation        Operation
}

// twinRoutes gives the table with its patterns compiled, once.
var twinRoutes = sync.OnceValue(func() map[*regexp.Regexp]twinRoute {
	expand := strings.NewReplacer("NAME", "(?P<name>"+ociGrammar+")", "REF", "(?P<ref>[A-Za-z0-9._:+=-]+)")
	compiled := make(map[*regexp.Regexp]twinRoute)
	for _, r := range []twinRoute{
		{"GET HEAD", `/v2/?`, CheckAPI},
		{"GET", `/v2/_catalog`, Catalog},
		{"HEAD", `/v2/NAME/blobs/REF`, HeadBlob},
		{"GET", `/v2/NAME/blobs/REF`, GetBlob},
		{"DELETE", `/v2/NAME/blobs/REF`, DeleteBlob},
		{"HEAD", `/v2/NAME/manifests/REF`, HeadManifest},
		{"GET", `/v2/NAME/manifests/REF`, GetManifest},
		{"PUT", `/v2/NAME/manifests/REF`, PutManifest},
		{"DELETE", `/v2/NAME/manifests/REF`, DeleteManifest},
		{"GET", `/v2/NAME/tags/list`, ListTags},
		{"GET", `/v2/NAME/referrers/REF`, ListReferrers},
		{"POST", `/v2/NAME/blobs/uploads/?`, StartUpload},
		{"GET", `/v2/NAME/blobs/uploads/REF`, UploadStatus},
		{"PATCH", `/v2/NAME/blobs/uploads/REF`, UploadChunk},
		{"PUT", `/v2/NAME/blobs/uploads/REF`, CompleteUpload},
		{"DELETE", `/v2/NAME/blobs/uploads/REF`, CancelUpload},
	} {
		compiled[regexp.MustCompile(`\A`+expand.Replace(r.pattern)+`\z`)] = r
	}
	return compiled
})

// twinAnswer is what the two are compared by.
type twinAnswer struct {
	refused               bool
	operation             Operation
	repository, reference string
	tags, asked, removed  string // joined
}

// twin answers as Map should.
func twin(g *Registry, r *Request) twinAnswer {
	refused := twinAnswer{refused: true}
	path, rawQuery, _ := strings.Cut(r.Path, "?")
	answer, ok := twinPath(g, r.Method, path)
	if !ok {
		return refused
	}
	query, ok := twinQuery(rawQuery)
	if !ok || !twinMeaning(g, &answer, query) || !twinHeaders(r.Header, answer.operation) {
		return refused
	}
	twinAsk(g, &answer, query.Get("from"), r.Header)
	return answer
}

// twinPath finds the one route that a method and a path match.
func twinPath(g *Registry, method, path string) (twinAnswer, bool) {
	var found []twinAnswer
	for pattern, route := range twinRoutes() {
		match := pattern.FindStringSubmatch(path)
		if match == nil || !strings.Contains(" "+route.methods+" ", " "+method+" ") || strings.Contains(method, " ") {
			continue
		}
		a := twinAnswer{operation: route.operation}
		if i := pattern.SubexpIndex("name"); i >= 0 {
			a.repository = match[i]
		}
		if i := pattern.SubexpIndex("ref"); i >= 0 {
			a.reference = match[i]
		}
		if strings.HasSuffix(path, "/blobs/uploads") && route.operation != StartUpload {
			continue // uploads is no digest
		}
		found = append(found, a)
	}
	if len(found) != 1 {
		return twinAnswer{}, false
	}
	a := found[0]
	switch {
	case a.reference == "." || a.reference == "..":
		return a, false
	case a.repository != "" && !twinName(g, a.repository):
		return a, false
	case a.operation == DeleteBlob && !g.DeleteBlobs:
		return a, false
	}
	return a, true
}

var (
	twinOCI = regexp.MustCompile(`\A` + ociGrammar + `\z`)
	twinECR = regexp.MustCompile(`\A` + ecrGrammar + `\z`)
	twinRef = regexp.MustCompile(`\A[A-Za-z0-9._:+=-]+\z`)

	twinControl = regexp.MustCompile(`[\x00-\x1f\x7f]`)

	// One parameter: in its value no #, & and ;, and no % but in an escape.
	twinPair = regexp.MustCompile(`\A[A-Za-z0-9._~-]+(=([!"$'-:<-~]|%[0-9A-Fa-f]{2})*)?\z`)
)

func twinName(g *Registry, name string) bool {
	if g.ECRNames {
		return twinECR.MatchString(name) && len(name) >= 2 && len(name) <= 256
	}
	return twinOCI.MatchString(name) && len(name) <= 255
}

func twinReference(s string) bool {
	return twinRef.MatchString(s) && s != "." && s != ".."
}

// twinQuery reads a query whose text is beyond doubt.
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

// twinMeaning settles what the parameters make of the operation.
func twinMeaning(g *Registry, a *twinAnswer, q url.Values) bool {
	mount, from, digest := q.Has("mount"), q.Has("from"), q.Has("digest")
	if len(q["tag"]) > 1 && a.operation != PutManifest {
		return false
	}
	switch a.operation {
	case StartUpload:
		switch [3]bool{mount, from, digest} {
		case [3]bool{true, true, false}:
			a.operation, a.reference = MountBlob, q.Get("mount")
			return twinReference(a.reference) && twinName(g, q.Get("from"))
		case [3]bool{true, false, false}:
			a.removed = "mount"
			return twinReference(q.Get("mount"))
		case [3]bool{false, false, true}:
			a.operation, a.reference = MonolithicUpload, q.Get("digest")
			return twinReference(a.reference)
		case [3]bool{false, false, false}:
			return true
		}
		return false
	case CompleteUpload, UploadChunk:
		return !mount && !from && (!digest || twinReference(q.Get("digest")))
	case PutManifest:
		for _, tag := range q["tag"] {
			if !twinReference(tag) {
				return false
			}
		}
		a.tags = strings.Join(q["tag"], " ")
	}
	return !mount && !from
}

// twinHeader brings the spellings of a header's name together.
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
	twinOverride = regexp.MustCompile(`\A(x-(original-ur[li]|rewrite-url|override-url|http-path-override|http-method(-override)?|method-override))\z`)
	twinForm     = regexp.MustCompile(`(?i:form-urlencoded|form-data|multipart/)|[^ -~]`)
)

func twinHeaders(headers []Header, o Operation) bool {
	for _, h := range headers {
		name := twinHeader(h.Name)
		if twinOverride.MatchString(name) {
			return false
		}
		upload := o == StartUpload || o == MonolithicUpload || o == MountBlob || o == UploadChunk || o == CompleteUpload
		if upload && name == "content-type" && twinForm.MatchString(h.Value) {
			return false
		}
	}
	return true
}

// twinAsk writes down what the operation asks, from a table.
func twinAsk(g *Registry, a *twinAnswer, from string, headers []Header) {
	upload := "UploadLayerPart CompleteLayerUpload"
	var framing []string
	for _, h := range headers {
		switch twinHeader(h.Name) {
		case "content-length", "transfer-encoding":
			framing = append(framing, strings.ToLower(h.Name)+"="+h.Value)
		}
	}
	if len(framing) == 1 && framing[0] == "content-length=0" {
		upload = "CompleteLayerUpload"
	}
	actions := map[Operation]string{
		HeadBlob:         "BatchCheckLayerAvailability|GetDownloadUrlForLayer",
		GetBlob:          "GetDownloadUrlForLayer",
		HeadManifest:     "BatchGetImage",
		GetManifest:      "BatchGetImage",
		StartUpload:      "InitiateLayerUpload",
		MonolithicUpload: "InitiateLayerUpload UploadLayerPart CompleteLayerUpload",
		MountBlob:        "InitiateLayerUpload",
		UploadChunk:      "UploadLayerPart",
		CompleteUpload:   upload,
		UploadStatus:     "UploadLayerPart",
		CancelUpload:     "UploadLayerPart",
		PutManifest:      "PutImage",
		DeleteManifest:   "BatchDeleteImage",
		DeleteBlob:       "BatchDeleteImage",
		ListTags:         "ListImages",
		ListReferrers:    "BatchGetImage",
	}
	switch a.operation {
	case CheckAPI:
		a.asked = "GetAuthorizationToken@*"
		return
	case Catalog:
		a.asked = "DescribeRepositories@*"
		return
	}
	var asked []string
	for _, action := range strings.Fields(actions[a.operation]) {
		asked = append(asked, action+"@"+a.repository)
	}
	asked = append(asked, twinExtra(g, a.operation, a.repository, "")...)
	if a.operation == MountBlob {
		asked = append(asked, "GetDownloadUrlForLayer@"+from+"?")
		asked = append(asked, twinExtra(g, GetBlob, from, "?")...)
	}
	a.asked = strings.Join(asked, " ")
}

// twinExtra is what importing or creating a repository asks beside the rest.
func twinExtra(g *Registry, o Operation, repository, mark string) []string {
	var extra []string
	missing := g.Exists != nil && !g.Exists(repository)
	imports := false
	for _, prefix := range g.PullThrough {
		imports = imports || prefix == "ROOT" || strings.HasPrefix(repository, prefix+"/")
	}
	switch o {
	case HeadBlob, GetBlob, HeadManifest, GetManifest, ListTags, ListReferrers:
		if imports {
			extra = append(extra, "BatchImportUpstreamImage@"+repository+mark)
		}
		missing = missing && imports
	case StartUpload, MonolithicUpload, MountBlob, PutManifest:
	default:
		missing = false
	}
	if missing {
		extra = append(extra, "CreateRepository@"+repository+mark)
	}
	return extra
}

// answer brings Map's results into the twin's form.
func answer(m Mapping, refusal *Refusal) twinAnswer {
	if refusal != nil {
		return twinAnswer{refused: true}
	}
	return twinAnswer{
		operation: m.Operation, repository: m.Repository, reference: m.Reference,
		tags: strings.Join(m.Tags, " "), asked: show(m), removed: strings.Join(m.RemoveQueryParameters, " "),
	}
}

// String makes a difference readable.
func (a twinAnswer) String() string {
	if a.refused {
		return "refused"
	}
	return a.operation.String() + " " + strconv.Quote(a.repository) + " " + strconv.Quote(a.reference) +
		" tags " + strconv.Quote(a.tags) + " asks " + a.asked + " removes " + strconv.Quote(a.removed)
}
