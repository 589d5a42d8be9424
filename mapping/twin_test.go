package mapping

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// The twin is a simple and slow reference implementation of the same rules. It uses regular
// expressions for the whole path, and the standard library's query parser after a regular
// expression that accepts only what all servers interpret in the same way.

// twinRoute is one row of the specification's table of endpoints. NAME in its pattern means a
// repository, and REF a reference.
type twinRoute struct {
	methods, pattern string
	operation        Operation
}

// twinRoutes returns the table by compiled pattern.
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

// twinAnswer contains what is compared.
type twinAnswer struct {
	refused               bool
	operation             Operation
	repository, reference string
	tags, needed, removed string // joined
}

// twin returns the answer that Map should return.
func twin(g *Settings, r *HTTPRequest) twinAnswer {
	refused := twinAnswer{refused: true}
	path, rawQuery, _ := strings.Cut(r.Path, "?")
	answer, ok := twinPath(g, r.Method, path)
	if !ok {
		return refused
	}
	query, ok := twinQuery(rawQuery)
	if !ok || len(r.Path) > 8192 || !twinOperation(g, &answer, query) || !twinHeaders(r.Headers, answer.operation) {
		return refused
	}
	twinPermissions(g, &answer, query.Get("from"), r.Headers)
	return answer
}

// twinPath returns the one route that a method and a path match.
func twinPath(g *Settings, method, path string) (twinAnswer, bool) {
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
			continue // uploads is not a digest
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

	// One parameter: its value contains no !, #, & and ;, and a % only in an escape.
	twinPair = regexp.MustCompile(`\A[A-Za-z0-9._~-]+(=(["$'-:<-~]|%[0-9A-Fa-f]{2})*)?\z`)
)

func twinName(g *Settings, name string) bool {
	if g.ECRNames {
		return twinECR.MatchString(name) && len(name) >= 2 && len(name) <= 256
	}
	return twinOCI.MatchString(name) && len(name) <= 255
}

func twinReference(s string) bool {
	return twinRef.MatchString(s) && s != "." && s != ".."
}

// answer returns the results of Map in the form of the reference.
func answer(m Mapping, refusal *Refusal) twinAnswer {
	if refusal != nil {
		return twinAnswer{refused: true}
	}
	return twinAnswer{
		operation: m.Operation, repository: m.Repository, reference: m.Reference,
		tags: strings.Join(m.Tags, " "), needed: show(m), removed: strings.Join(m.RemoveQueryParameters, " "),
	}
}

// String returns the answer as text.
func (a twinAnswer) String() string {
	if a.refused {
		return "refused"
	}
	return a.operation.String() + " " + strconv.Quote(a.repository) + " " + strconv.Quote(a.reference) +
		" tags " + strconv.Quote(a.tags) + " needs " + a.needed + " removes " + strconv.Quote(a.removed)
}

// twinPermissions sets the permissions that the operation needs, from a table.
func twinPermissions(g *Settings, a *twinAnswer, from string, headers []Header) {
	actions := twinActions()[a.operation]
	var framing []string
	for _, h := range headers {
		switch twinHeader(h.Name) {
		case "content-length", "transfer-encoding":
			framing = append(framing, strings.ToLower(h.Name)+"="+h.Value)
		}
	}
	if a.operation == CompleteUpload && len(framing) == 1 && framing[0] == "content-length=0" {
		actions = "CompleteLayerUpload"
	}
	switch a.operation {
	case CheckAPI:
		a.needed = "GetAuthorizationToken@*"
		return
	case Catalog:
		a.needed = "DescribeRepositories@*"
		return
	}
	var needed []string
	for _, action := range strings.Fields(actions) {
		needed = append(needed, action+"@"+a.repository)
	}
	needed = append(needed, twinExtra(g, a.operation, a.repository, "")...)
	if a.operation == MountBlob {
		needed = append(needed, "GetDownloadUrlForLayer@"+from+"?")
		needed = append(needed, twinExtra(g, GetBlob, from, "?")...)
	}
	a.needed = strings.Join(needed, " ")
}

// twinActions returns the actions that each operation needs on its repository.
func twinActions() map[Operation]string {
	return map[Operation]string{
		HeadBlob:         "BatchCheckLayerAvailability|GetDownloadUrlForLayer",
		GetBlob:          "GetDownloadUrlForLayer",
		HeadManifest:     "BatchGetImage",
		GetManifest:      "BatchGetImage",
		StartUpload:      "InitiateLayerUpload",
		MonolithicUpload: "InitiateLayerUpload UploadLayerPart CompleteLayerUpload",
		MountBlob:        "InitiateLayerUpload",
		UploadChunk:      "UploadLayerPart",
		CompleteUpload:   "UploadLayerPart CompleteLayerUpload",
		UploadStatus:     "UploadLayerPart",
		CancelUpload:     "UploadLayerPart",
		PutManifest:      "PutImage",
		DeleteManifest:   "BatchDeleteImage",
		DeleteBlob:       "BatchDeleteImage",
		ListTags:         "ListImages",
		ListReferrers:    "BatchGetImage",
	}
}

// twinExtra returns the permissions to import or create a repository.
func twinExtra(g *Settings, o Operation, repository, mark string) []string {
	var extra []string
	missing := g.AssumeMissing || g.Exists != nil && !g.Exists(repository)
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
	case StartUpload, MonolithicUpload, MountBlob, PutManifest, UploadChunk, UploadStatus, CancelUpload, CompleteUpload:
	default:
		missing = false
	}
	if missing {
		extra = append(extra, "CreateRepository@"+repository+mark)
	}
	return extra
}
