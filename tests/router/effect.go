package router

import (
	"fmt"

	"extauthz/mapping"
)

// Kind is what a registry does to a repository.
type Kind uint8

// The kinds.
const (
	Resolve Kind = iota // open the repository, before anything else
	StatBlob
	ReadBlob
	ReadManifest
	ReadTag // find the manifest of a tag
	ListTags
	Catalog
	StartUpload
	Mount // make a blob of the repository readable in another
	Resume
	Write // at least one byte
	Commit
	Cancel
	PutManifest
	PutTag
	DeleteManifest
	DeleteTag
	DeleteBlob
	kinds
)

// String names the kind.
func (k Kind) String() string {
	return [...]string{"resolve", "stat blob", "read blob", "read manifest", "read tag", "list tags", "catalog",
		"start upload", "mount", "resume", "write", "commit", "cancel", "put manifest", "put tag",
		"delete manifest", "delete tag", "delete blob"}[k]
}

// Effect is one thing that the registry did or was about to do.
type Effect struct {
	Kind       Kind
	Repository string // "" for Catalog
	Object     string // digest, tag or upload in it; "" if the request need not name it
}

// actions returns the actions of which one must be required on the effect's repository.
// They restate the table of endpoints and actions independently of package mapping.
func (k Kind) actions() []string {
	switch k {
	case StatBlob:
		return []string{"ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"}
	case ReadBlob, Mount:
		return []string{"ecr:GetDownloadUrlForLayer"}
	case ReadManifest, ReadTag:
		return []string{"ecr:BatchGetImage"}
	case ListTags:
		return []string{"ecr:ListImages"}
	case Catalog:
		return []string{"ecr:DescribeRepositories"}
	case StartUpload:
		return []string{"ecr:InitiateLayerUpload"}
	case Resume: // an upload is opened again to write, to complete, to query or to cancel
		return []string{"ecr:UploadLayerPart", "ecr:CompleteLayerUpload"}
	case Write, Cancel:
		return []string{"ecr:UploadLayerPart"}
	case Commit:
		return []string{"ecr:CompleteLayerUpload"}
	case PutManifest, PutTag:
		return []string{"ecr:PutImage"}
	case DeleteManifest, DeleteTag, DeleteBlob:
		return []string{"ecr:BatchDeleteImage"}
	}
	return nil
}

// uncovered describes why no required permission covers the effect, "" if one does.
func (e Effect) uncovered(m *mapping.Mapping, granted []mapping.Permission) string {
	if !e.permitted(granted) {
		return fmt.Sprintf("the registry does %q on %q, without a required permission", e.Kind, e.Repository)
	}
	if e.Object != "" && e.Object != m.Reference {
		return fmt.Sprintf("the registry does %q on %q, the mapping says %q", e.Kind, e.Object, m.Reference)
	}
	return ""
}

// permitted reports whether one of the effect's actions is required on its repository.
// Opening a repository needs any permission on it.
func (e Effect) permitted(granted []mapping.Permission) bool {
	for _, p := range granted {
		if !e.isOn(p) {
			continue
		}
		if e.Kind == Resolve {
			return true
		}
		for _, action := range e.Kind.actions() {
			if p.Action == action {
				return true
			}
		}
	}
	return false
}

// registryARN begins the ARN of every repository of the mapping under test.
const registryARN = "arn:aws:ecr:eu-central-1:123456789012:repository/"

// isOn reports whether a permission is on the effect's repository, by its ARN.
func (e Effect) isOn(p mapping.Permission) bool {
	if e.Kind == Catalog {
		return p.Resource == registryARN+"*"
	}
	return p.Resource == registryARN+e.Repository && p.Repository == e.Repository
}
