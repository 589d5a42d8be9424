package mapping

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
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
	if !ok || len(r.Path) > 8192 || !twinMeaning(g, &answer, query) || !twinHeaders(r.Headers, answer.operation) {
		return refused
	}
	twinAsk(g, &answer, query.Get("from"), r.Headers)
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

	// One parameter: in its value no !, #, & and ;, and no % but in an escape.
	twinPair = regexp.MustCompile(`\A[A-Za-z0-9._~-]+(=(["$'-:<-~]|%[0-9A-Fa-f]{2})*)?\z`)
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
