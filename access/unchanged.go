package access

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
)

// changedRepositories returns for each registry the repositories whose policy or tags differ
// between the directories.
func (c *comparison) changedRepositories() map[string][]string {
	changed := map[string]bool{}
	for _, d := range []*Directory{c.before, c.after} {
		for arn := range d.contents.Repositories.All() {
			changed[arn] = true
		}
		for _, arn := range d.contents.Tagged {
			changed[arn] = true
		}
	}
	all := map[string][]string{}
	for _, arn := range slices.Sorted(maps.Keys(changed)) {
		for _, name := range c.registries {
			if c.isChanged(name, arn) {
				all[name] = append(all[name], arn)
			}
		}
	}
	return all
}

// isChanged reports whether a repository of a registry has another policy or other tags.
func (c *comparison) isChanged(registry, arn string) bool {
	var texts [2]string
	isOwn := false
	for i, d := range []*Directory{c.before, c.after} {
		r := d.snapshot.RegistryNamed(registry)
		if r == nil || !strings.HasPrefix(arn, r.RepositoryARN("")) {
			continue
		}
		isOwn = true
		var policies []*iam.Policy
		if policy := d.contents.Repositories.Get(arn); policy != nil {
			policies = policy[:]
		}
		texts[i] = d.policyTexts(policies) + fmt.Sprintf("%+v", r.ResourceTags("", arn))
	}
	return isOwn && texts[0] != texts[1]
}

// policyTexts returns a digest of the texts of policies, without the positions in them.
func (d *Directory) policyTexts(policies []*iam.Policy) string {
	var text strings.Builder
	for _, p := range policies {
		if p == nil {
			continue
		}
		digest := d.digests[p]
		if digest == "" {
			digest = digestOf(p, d.contents.Documents[p])
			d.digests[p] = digest
		}
		text.WriteString(digest)
	}
	return text.String()
}

func digestOf(p *iam.Policy, document *iam.Document) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%d %s", p.Kind, p.Version)
	for i := range document.Statements {
		s := &document.Statements[i]
		fmt.Fprintf(hash, "\n%d %v %q %v %q %v %q", p.Statements[i].Effect, s.NotAction, texts(s.Actions), s.NotResource, texts(s.Resources), s.NotPrincipal, principalTexts(s))
		for j := range s.Conditions {
			c := &s.Conditions[j]
			fmt.Fprintf(hash, " %s %s %q", c.Operator, c.Key.Text, texts(c.Values))
		}
	}
	return string(hash.Sum(nil))
}

// ownText describes what determines the decisions of views, except the policies and tags of
// single repositories.
func ownText(views []*view) string {
	all := make([]string, 0, len(views))
	for _, v := range views {
		p := v.applicable("ecr:BatchGetImage", v.registry.RepositoryARN("*"))
		var text strings.Builder
		fmt.Fprintf(&text, "%+v %+v %q %q", v.Principal, v.context, v.unknown.Names, v.unknown.Prefixes)
		for _, list := range [][]*iam.Policy{p.Identity, p.Boundary, p.Session, p.Resource} {
			fmt.Fprintf(&text, " %d %q", len(list), v.policyTexts(list))
		}
		for _, levels := range [][][]*iam.Policy{p.SCPs, p.RCPs} {
			for _, level := range levels {
				fmt.Fprintf(&text, " %q", v.policyTexts(level))
			}
			text.WriteString(";")
		}
		text.WriteString(p.ManagementAccount)
		all = append(all, text.String())
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "\x00")
}
