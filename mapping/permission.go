package mapping

import "strings"

// GetAuthorizationToken is the action that ECR requires for a token, which every other
// request needs. Map lists it for CheckAPI only. The caller of Map decides whether other
// requests require it too.
const GetAuthorizationToken = "ecr:GetAuthorizationToken"

// BatchGetImage is the action that reads the images of a repository.
const BatchGetImage = "ecr:BatchGetImage"

// The other actions of registry requests, from the Service Authorization Reference for
// Amazon ECR.
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

// Actions returns all actions that requests can need, in alphabetical order.
func Actions() []string {
	return []string{
		batchCheckLayerAvailability, batchDeleteImage, BatchGetImage, batchImportUpstreamImage, completeLayerUpload, createRepository,
		describeRepositories, GetAuthorizationToken, getDownloadURLForLayer, initiateLayerUpload, listImages, putImage, uploadLayerPart,
	}
}

// Permission is one action on one resource.
type Permission struct {
	Action     string // with its prefix, such as ecr:BatchGetImage
	Resource   string // an ARN, or "*" for an action without a resource
	Repository string // the repository in Resource; "" if Resource is not one repository

	// Alternative is an action on the same resource that suffices if Action is denied
	// implicitly, "" for none. An explicit deny of Action denies the request.
	Alternative string

	// Optional permissions do not decide whether the request is forwarded, but in
	// which form: see [Mapping.RemoveUnlessOptional].
	Optional bool
}

// UsualPermissions is the number of permissions that almost every request needs at most:
// without imports and missing repositories.
const UsualPermissions = 3

// appendPermissions appends what an operation needs on the repository in the path. It
// appends ARNs to text.
func (g *Settings) appendPermissions(needed []Permission, d *description, repository string, headers []Header, text *strings.Builder) []Permission {
	p := Permission{Resource: g.resource(d.on, repository, text), Repository: repository, Alternative: d.alternative}
	if d.bodyAction != "" && !declaresNoBody(headers) {
		p.Action = d.bodyAction
		needed = append(needed, p)
	}
	for _, p.Action = range d.actions {
		needed = append(needed, p)
	}
	if d.reads {
		needed = g.appendImport(needed)
	}
	if d.creates {
		needed = g.appendCreate(needed)
	}
	return needed
}

// appendSource appends what a mount needs on its source. It appends the ARN to text.
func (g *Settings) appendSource(needed []Permission, d *description, source string, text *strings.Builder) []Permission {
	p := Permission{Action: d.sourceRead, Resource: g.appendARN(text, source), Repository: source, Optional: true}
	return g.appendImport(append(needed, p))
}

// appendImport appends the permissions to import the repository of the last permission
// from upstream, if reading it does that.
func (g *Settings) appendImport(needed []Permission) []Permission {
	last := needed[len(needed)-1]
	if !g.pullsThrough(last.Repository) {
		return needed
	}
	last.Action, last.Alternative = batchImportUpstreamImage, ""
	return g.appendCreate(append(needed, last))
}

// appendCreate appends the permission to create the repository of the last permission,
// unless the repository counts as existing. Every request about an upload needs it, not
// only the one that starts it: zot creates the repository before it looks for the upload,
// and then answers 404.
func (g *Settings) appendCreate(needed []Permission) []Permission {
	last := needed[len(needed)-1]
	if !g.AssumeMissing && (g.Exists == nil || g.Exists(last.Repository)) {
		return needed
	}
	last.Action = createRepository
	return append(needed, last)
}

// pullsThrough reports whether reading a repository imports it from upstream.
func (g *Settings) pullsThrough(repository string) bool {
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

// resource returns the resource of an operation. It appends an ARN to text.
func (g *Settings) resource(on resource, repository string, text *strings.Builder) string {
	switch on {
	case allRepositories:
		return g.appendARN(text, "*")
	case oneRepository:
		return g.appendARN(text, repository)
	case noResource:
	}
	return "*"
}

// RepositoryARN returns the ARN of a repository of this registry, as it is in the
// permissions of a mapping.
func (g *Settings) RepositoryARN(repository string) string {
	var text strings.Builder
	text.Grow(g.arnSize(repository))
	return g.appendARN(&text, repository)
}

// appendARN appends the ARN of a repository to text and returns it.
func (g *Settings) appendARN(text *strings.Builder, repository string) string {
	start := text.Len()
	text.WriteString("arn:")
	text.WriteString(g.Partition)
	text.WriteString(":ecr:")
	text.WriteString(g.Region)
	text.WriteByte(':')
	text.WriteString(g.Account)
	text.WriteString(":repository/")
	text.WriteString(repository)
	return text.String()[start:]
}

// arnSize returns the length of the ARN of a repository.
func (g *Settings) arnSize(repository string) int {
	return len("arn::ecr:::repository/") + len(g.Partition) + len(g.Region) + len(g.Account) + len(repository)
}

// textSize returns the usual size of the text of a mapping that is not in the request
// literally: ARNs and decoded values.
func (g *Settings) textSize(o Operation, repository, rawQuery string) (size int) {
	if o.describe().on != noResource {
		size = g.arnSize(repository)
	}
	if unescaped.prefixLen(rawQuery) < len(rawQuery) {
		size += len(rawQuery)
	}
	if o == StartUpload && rawQuery != "" { // perhaps a mount, with the source in the query
		size += g.arnSize(rawQuery)
	}
	return size
}

// TokenScope returns the access that a token must grant for the request (Distribution,
// "Token Scope Documentation"), "" for a request that is not about a repository.
func (m *Mapping) TokenScope() string {
	if m.Repository == "" {
		return ""
	}
	scope := "repository:" + m.Repository + ":" + m.Operation.describe().scope
	for _, p := range m.Permissions {
		if p.Optional { // on the source of a mount, which has one or several
			return scope + " repository:" + p.Repository + ":" + scopePull
		}
	}
	return scope
}
