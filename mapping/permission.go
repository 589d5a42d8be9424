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

// permissions returns what an operation needs on a repository and, for a mount, on its
// source.
func (g *Registry) permissions(d *description, repository, source string, headers []Header) []Permission {
	const usual = 3 // without imports and missing repositories
	needed := make([]Permission, 0, usual)
	resource, sourceResource := g.resources(d.on, repository, source)
	add := func(action string) {
		needed = append(needed, Permission{Action: action, Resource: resource, Repository: repository, Alternative: d.alternative})
	}
	if d.bodyAction != "" && !declaresNoBody(headers) {
		add(d.bodyAction)
	}
	for _, action := range d.actions {
		add(action)
	}
	if d.reads {
		needed = g.appendImport(needed)
	}
	if d.creates {
		needed = g.appendCreate(needed)
	}
	if d.sourceRead != "" {
		needed = append(needed, Permission{Action: d.sourceRead, Resource: sourceResource, Repository: source, Optional: true})
		needed = g.appendImport(needed)
	}
	return needed
}

// appendImport appends the permissions to import the repository of the last permission
// from upstream, if reading it does that.
func (g *Registry) appendImport(needed []Permission) []Permission {
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
func (g *Registry) appendCreate(needed []Permission) []Permission {
	last := needed[len(needed)-1]
	if !g.AssumeMissing && (g.Exists == nil || g.Exists(last.Repository)) {
		return needed
	}
	last.Action = createRepository
	return append(needed, last)
}

// pullsThrough reports whether reading a repository imports it from upstream.
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

// resources returns the resource of an operation and that of the source of a mount, "" if
// it has none. Both share one allocation.
func (g *Registry) resources(on resource, repository, source string) (own, other string) {
	switch on {
	case noResource:
		return "*", ""
	case allRepositories:
		return g.RepositoryARN("*"), ""
	case oneRepository:
	}
	if source == "" {
		return g.RepositoryARN(repository), ""
	}
	var text strings.Builder
	text.Grow(g.arnSize(repository) + g.arnSize(source))
	g.writeARN(&text, repository)
	end := text.Len()
	g.writeARN(&text, source)
	return text.String()[:end], text.String()[end:]
}

// RepositoryARN returns the ARN of a repository of this registry, as it is in the
// permissions of a mapping.
func (g *Registry) RepositoryARN(repository string) string {
	var text strings.Builder
	text.Grow(g.arnSize(repository))
	g.writeARN(&text, repository)
	return text.String()
}

func (g *Registry) writeARN(text *strings.Builder, repository string) {
	for _, part := range [...]string{"arn:", g.Partition, ":ecr:", g.Region, ":", g.Account, ":repository/", repository} {
		text.WriteString(part)
	}
}

// arnSize returns the length of the ARN of a repository.
func (g *Registry) arnSize(repository string) int {
	return len("arn::ecr:::repository/") + len(g.Partition) + len(g.Region) + len(g.Account) + len(repository)
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
