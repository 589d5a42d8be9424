package mapping

import "strings"

// twinAsk writes down what the operation asks, from a table.
func twinAsk(g *Registry, a *twinAnswer, from string, headers []Header) {
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
		a.asked = "GetAuthorizationToken@*"
		return
	case Catalog:
		a.asked = "DescribeRepositories@*"
		return
	}
	var asked []string
	for _, action := range strings.Fields(actions) {
		asked = append(asked, action+"@"+a.repository)
	}
	asked = append(asked, twinExtra(g, a.operation, a.repository, "")...)
	if a.operation == MountBlob {
		asked = append(asked, "GetDownloadUrlForLayer@"+from+"?")
		asked = append(asked, twinExtra(g, GetBlob, from, "?")...)
	}
	a.asked = strings.Join(asked, " ")
}

// twinActions is the table of what every operation asks of its repository.
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

// twinExtra is what importing or creating a repository asks beside the rest.
func twinExtra(g *Registry, o Operation, repository, mark string) []string {
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
