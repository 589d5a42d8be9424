package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// A grantSet is the documents that grant together: the identity policies of a user or
// role, or the policy of a repository or registry.
type grantSet []*document

// pullAndPush finds actions that are allowed or denied without others that a pull, a
// push or the creation of a repository needs too.
func (l *linter) pullAndPush() {
	for _, p := range l.contents.Principals {
		var set grantSet
		for _, policy := range p.Identity {
			set = append(set, l.documentOf(policy))
		}
		l.grantSet(set)
	}
	for _, policy := range l.contents.Policies {
		d := l.documentOf(policy)
		if alone := d.isResourceBased() || policy.Kind == iam.IdentityPolicy && !l.attached[policy]; alone && l.isChecked(policy) {
			l.grantSet(grantSet{d})
		}
	}
}

func (l *linter) grantSet(set grantSet) {
	for _, d := range set {
		if !l.ownPolicies[d.policy] {
			continue
		}
		for i := range d.statements {
			s := &d.statements[i]
			if s.covered&requested == 0 || len(onReference(s)) > 0 || s.NotAction {
				continue
			}
			together := set
			if s.Statement.Effect == iam.Deny {
				together = grantSet{d}
			}
			l.halves(together, d, s)
			l.incompletePush(together, d, s)
			l.missingTagResource(together, d, s)
		}
	}
}

// halves finds one of two actions that belong together. Registries differ in what a
// digest may refer to: some serve a manifest as a layer, some a layer as a manifest.
func (l *linter) halves(set grantSet, d *document, s *statement) {
	for _, pair := range [...]struct {
		code       string
		one, other actionSet
	}{
		{"half-pull", getManifest, getLayer}, {"half-pull", getLayer, getManifest},
		{"half-push", putManifest, completeUpload}, {"half-push", completeUpload, putManifest},
	} {
		if !s.covered.has(pair.one) || set.covers(s, pair.other) || set.readsBack(s, pair.one) {
			continue
		}
		done, do := "allowed", "allow"
		if s.Statement.Effect == iam.Deny {
			done, do = "denied", "deny"
		}
		l.report(d.at(s.actionAt(pair.one)), pair.code, messagef("%s is %s without %s on the same repositories", pair.one.first(), done, pair.other.first()),
			messagef("%s both, because registries differ in which of them protects a digest", do))
	}
}

// readsBack reports whether the statement allows reading manifests as part of a push:
// clients read the manifest back, and need no layers for that.
func (set grantSet) readsBack(s *statement, action actionSet) bool {
	return action == getManifest && s.Statement.Effect == iam.Allow && set.covers(s, putManifest)
}

// covers reports whether statements of the same effect cover the actions on some of the
// resources of s.
func (set grantSet) covers(s *statement, actions actionSet) bool {
	return slices.ContainsFunc(set, func(d *document) bool {
		return slices.ContainsFunc(d.statements, func(other statement) bool {
			return other.Statement.Effect == s.Statement.Effect && other.covered.has(actions) && s.overlaps(&other)
		})
	})
}

// overlaps reports whether two statements may share resources and principals.
func (s *statement) overlaps(other *statement) bool {
	return s.sharesResources(other) && s.sharesPrincipals(other)
}

func (s *statement) sharesResources(other *statement) bool {
	if len(s.Resources) == 0 || len(other.Resources) == 0 || s.NotResource || other.NotResource {
		return true
	}
	for _, e := range s.Resources {
		for _, o := range other.Resources {
			if coversResource(e.Text, o.Text) || coversResource(o.Text, e.Text) {
				return true
			}
		}
	}
	return false
}

func (s *statement) sharesPrincipals(other *statement) bool {
	if len(s.Principals) == 0 || len(other.Principals) == 0 || s.NotPrincipal || other.NotPrincipal || s.everyone() != nil || other.everyone() != nil {
		return true
	}
	return slices.ContainsFunc(s.Principals, func(p iam.PrincipalSyntax) bool {
		return containsAll(other.Principals, []iam.PrincipalSyntax{p})
	})
}

// incompletePush finds pushes that fail in the middle. Clients check whether a layer
// exists before they upload it. A right to pull layers allows that here, but not on AWS.
// The steps are those of ECR's policy for pushes (Amazon ECR User Guide, "IAM
// permissions for pushing an image to an Amazon ECR private repository"). A repository
// policy may leave reading the manifest to the caller's identity policies, as the
// guide's examples of repository policies do.
func (l *linter) incompletePush(set grantSet, d *document, s *statement) {
	if s.Statement.Effect != iam.Allow || !s.covered.has(putManifest) || !set.covers(s, completeUpload) {
		return
	}
	var missing []string
	for _, step := range [...]actionSet{startUpload, uploadPart} {
		if !set.covers(s, step) {
			missing = append(missing, step.first())
		}
	}
	if !set.covers(s, checkLayer) && !set.covers(s, getLayer) {
		missing = append(missing, checkLayer.first())
	}
	at := d.at(s.actionAt(putManifest))
	if !set.covers(s, checkLayer) && set.covers(s, getLayer) {
		l.report(at, "unchecked-push",
			messagef("this allows a push and a pull but not %s: a push works here, but fails on ECR", checkLayer.first()),
			messagef("allow it on the same repositories"))
	}
	readsManifest := d.isResourceBased() || set.covers(s, getManifest)
	if len(missing) > 0 && !readsManifest {
		missing = append(missing, getManifest.first())
	}
	switch {
	case len(missing) > 0:
		l.report(at, "incomplete-push",
			messagef("this allows a push, but not %s, without which a push fails", strings.Join(missing, ", ")),
			messagef("allow every step of a push on the same repositories"))
	case !readsManifest:
		l.report(at, "incomplete-push",
			messagef("this allows a push, but not %s, without which clients that read the manifest back fail", getManifest.first()),
			messagef("allow it on the same repositories"))
	}
}

// missingTagResource finds statements that require tags of new repositories, if nothing
// allows tagging them.
func (l *linter) missingTagResource(set grantSet, d *document, s *statement) {
	if s.Statement.Effect != iam.Allow || !s.covered.has(createRepository) || set.covers(s, tagResource) {
		return
	}
	for _, c := range s.Conditions {
		if key := strings.ToLower(c.Key.Text); strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys" {
			l.report(d.at(s.actionAt(createRepository)), "missing-tag-resource",
				messagef("new repositories must have tags here, which on AWS also needs ecr:TagResource, and nothing allows that"),
				messagef("allow ecr:TagResource on the same repositories"))
			return
		}
	}
}
