package scaffold

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
)

// A Template is a set of policies for a repository. The zero Template is not valid.
type Template string

// Templates lists the templates in order.
func Templates() []Template {
	return []Template{PushPull, Contents, PullAndAdmin, CrossAccountPush, PullAllAccounts, DenyPull, Tagged}
}

// The templates.
const (
	PushPull         Template = "push-pull"
	Contents         Template = "contents"
	PullAndAdmin     Template = "pull-and-admin"
	CrossAccountPush Template = "cross-account-push"
	PullAllAccounts  Template = "pull-all-accounts"
	DenyPull         Template = "deny-pull"
	Tagged           Template = "tagged"
)

// A Repository is a repository whose policies are generated from a template.
type Repository struct {
	Name     string
	Template Template
}

// ParseRepository parses NAME=TEMPLATE. NAME alone means push-pull.
func ParseRepository(text string) (Repository, error) {
	name, template, found := strings.Cut(text, "=")
	if !found {
		template = string(PushPull)
	}
	r := Repository{name, Template(template)}
	return r, r.check()
}

// Repositories returns the default repositories, one for each template.
func Repositories() []Repository {
	return []Repository{
		{"team/app", PushPull}, {"team/charts", Contents}, {"team/base", PullAndAdmin}, {"team/inbox", CrossAccountPush},
		{"team/shared", PullAllAccounts}, {"team/retired", DenyPull}, {"team/preview", Tagged},
	}
}

// policyFile returns the template of the repository's policy, "" if identity policies
// suffice.
func (t Template) policyFile() string {
	if t == Contents || t == Tagged {
		return ""
	}
	return "repository/" + string(t) + ".json"
}

// managedFile returns the identity policy of the template, "" if it has none.
func (t Template) managedFile() string {
	switch t {
	case PushPull:
		return "managed/ci.json"
	case Contents, Tagged:
		return "managed/" + string(t) + ".json"
	case PullAndAdmin, CrossAccountPush, PullAllAccounts, DenyPull:
	}
	return ""
}

func (t Template) check() error {
	if slices.Contains(Templates(), t) {
		return nil
	}
	var names []string
	for _, known := range Templates() {
		names = append(names, string(known))
	}
	return diag.Problemf("%q is not a template", string(t)).WithRemedy(fmt.Sprintf("write one of %s", strings.Join(names, ", ")))
}
