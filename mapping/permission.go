package mapping

import "strings"

// GetAuthorizationToken is the action that ECR asks of every caller before any
// other, when it issues a token. Map names it for CheckAPI alone; asking it
// beside the actions of other requests is up to the caller.
const GetAuthorizationToken = "ecr:GetAuthorizationToken"

// BatchGetImage is the action of whoever reads the images of a repository.
const BatchGetImage = "ecr:BatchGetImage"

// The other actions that registry requests ask, from the Service Authorization
// Reference for Amazon ECR.
const (
	batchCheckLayerAvailability = "ecr:BatchCheckLayerAvailability"
	batchDeleteImage            = "ecr:BatchDeleteImage"
	batchImportUpstreamImage    = "ecr:BatchImportUpstreamImage"
	completeLayerUpload         = "ecr:CompleteLayerUpload"
	createRepository            = "ecr:CreateRepository"
	describeRepositories        = "ecr:DescribeRepositories"
	getDownloadURLForLayer      = "ecr:GetDownloadUrlForLayer"
	initiateLayerUpload         = "ecr:InitiateLayerUpload"
	listImages                  = "ecr:ListImages"
	putImage                    = "ecr:PutImage"
	uploadLayerPart             = "ecr:UploadLayerPart"
)

// permissions says what an operation asks of a repository and, for a mount, of
// its source. An unknown operation asks nothing, which Map never lets through.
func (g *Registry) permissions(o Operation, repository, source string, headers []Header) []Permission {
	asked := make([]Permission, 0, 3) // enough for all but what imports or creates
	switch o {
	case CheckAPI:
		return append(asked, Permission{Action: GetAuthorizationToken, Resource: "*"})
	case Catalog: // a literal *, which only a pattern for every repository matches
		all, _ := g.arns("*", "")
		return append(asked, Permission{Action: describeRepositories, Resource: all})
	default:
	}
	r, s := g.arns(repository, source)
	on := target{repository, r}
	switch o {
	case HeadBlob: // who may read a layer may know that it is there
		check := on.ask(batchCheckLayerAvailability)
		check.Alternative = getDownloadURLForLayer
		return g.reading(asked, check)
	case GetBlob:
		return g.reading(asked, on.ask(getDownloadURLForLayer))
	case HeadManifest, GetManifest, ListReferrers:
		return g.reading(asked, on.ask(BatchGetImage))
	case ListTags:
		return g.reading(asked, on.ask(listImages))
	case StartUpload:
		return g.creating(append(asked, on.ask(initiateLayerUpload)))
	case MonolithicUpload: // one request does what otherwise three do
		return g.creating(append(asked, on.ask(initiateLayerUpload), on.ask(uploadLayerPart), on.ask(completeLayerUpload)))
	case MountBlob: // the layer becomes readable here: it must be readable there
		read := target{source, s}.ask(getDownloadURLForLayer)
		read.Optional = true
		return g.reading(g.creating(append(asked, on.ask(initiateLayerUpload))), read)
	case CompleteUpload:
		if !certainlyEmpty(headers) {
			asked = append(asked, on.ask(uploadLayerPart))
		}
		return g.creating(append(asked, on.ask(completeLayerUpload)))
	case UploadChunk, UploadStatus, CancelUpload: // an upload is its uploader's
		return g.creating(append(asked, on.ask(uploadLayerPart)))
	case PutManifest: // an empty index makes a repository appear without any upload
		return g.creating(append(asked, on.ask(putImage)))
	case DeleteManifest, DeleteBlob:
		return append(asked, on.ask(batchDeleteImage))
	case Unsupported, CheckAPI, Catalog:
	}
	return nil
}

// reading adds a permission to read a repository and, where reading imports from
// upstream, those to import.
func (g *Registry) reading(asked []Permission, p Permission) []Permission {
	asked = append(asked, p)
	if !g.pullsThrough(p.Repository) {
		return asked
	}
	p.Action, p.Alternative = batchImportUpstreamImage, ""
	return g.creating(append(asked, p))
}

// creating adds CreateRepository on the repository of the last permission, which
// has no alternative, unless that repository counts as existing. Every request
// about an upload needs it, not only the one that starts it: zot creates the
// repository before it looks for the upload, and then answers 404.
func (g *Registry) creating(asked []Permission) []Permission {
	last := asked[len(asked)-1]
	if g.countsAsExisting(last.Repository) {
		return asked
	}
	last.Action = createRepository
	return append(asked, last)
}

// countsAsExisting says whether a repository counts as existing.
func (g *Registry) countsAsExisting(repository string) bool {
	return !g.AssumeMissing && (g.Exists == nil || g.Exists(repository))
}

// pullsThrough says whether reading a repository may import it from upstream.
func (g *Registry) pullsThrough(repository string) bool {
	for _, prefix := range g.PullThrough {
		if prefix == rootPrefix {
			return true
		}
		if rest, ok := strings.CutPrefix(repository, prefix); ok && strings.HasPrefix(rest, "/") {
			return true
		}
	}
	return false
}

// target is a repository and its ARN.
type target struct{ repository, resource string }

// ask is the permission for one action on the target.
func (t target) ask(action string) Permission {
	return Permission{Action: action, Resource: t.resource, Repository: t.repository}
}

// arns names a repository and, if there is one, the source of a mount. Both
// share one piece of memory.
func (g *Registry) arns(repository, source string) (r, s string) {
	const fixed = len("arn::ecr::::repository/")
	size := fixed + len(g.Partition) + len(g.Region) + len(g.Account) + max(len(repository), len(source))
	var text strings.Builder
	if source == "" {
		text.Grow(size)
	} else {
		text.Grow(2 * size)
	}
	g.writeARN(&text, repository)
	end := text.Len()
	if source != "" {
		g.writeARN(&text, source)
	}
	return text.String()[:end], text.String()[end:]
}

// writeARN writes the ARN of one repository.
func (g *Registry) writeARN(text *strings.Builder, repository string) {
	for _, part := range [...]string{"arn:", g.Partition, ":ecr:", g.Region, ":", g.Account, ":repository/", repository} {
		text.WriteString(part)
	}
}
