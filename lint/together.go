package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// A bundle is documents that grant together: the identity policies of one user
// or role, or one repository's policy.
type bundle []*document

// together finds actions that are allowed, or denied, without those that belong
// with them.
func (l *linter) together() {
	for _, p := range l.contents.Principals {
		var b bundle
		for _, policy := range p.Identity {
			b = append(b, l.documentOf(policy))
		}
		l.bundle(b)
	}
	for _, policy := range l.contents.Policies {
		d := l.documentOf(policy)
		if alone := d.isResourceBased() || policy.Kind == iam.IdentityPolicy && !l.attached[policy]; alone && l.judged(policy) {
			l.bundle(bundle{d})
		}
	}
}

func (l *linter) bundle(b bundle) {
	for _, d := range b {
		if !l.operators[d.policy] { // AWS's own
			continue
		}
		for i := range d.statements {
			s := &d.statements[i]
			if s.covered&asked == 0 || len(onReference(s)) > 0 || s.NotAction {
				continue
			}
			in := b
			if s.Statement.Effect == iam.Deny {
				in = bundle{d}
			}
			l.halves(in, d, s)
			l.incompletePush(in, d, s)
			l.untaggedRepositories(in, d, s)
		}
	}
}

// halves finds one half of what belongs together. Registries differ in what a
// digest may name: some serve a manifest as a layer, some a layer as a manifest.
func (l *linter) halves(b bundle, d *document, s *statement) {
	for _, pair := range [...]struct {
		code       string
		one, other actionSet
	}{
		{"half-pull", getManifest, getLayer}, {"half-pull", getLayer, getManifest},
		{"half-push", putManifest, completeUpload}, {"half-push", completeUpload, putManifest},
	} {
		if s.covered.has(pair.one) && !b.does(s, pair.other) && !b.readsBack(s, pair.one) {
			verb := "allowed"
			if s.Statement.Effect == iam.Deny {
				verb = "denied"
			}
			l.report(d.policy.Source, s.wordFor(pair.one), pair.code, "%s is %s without %s on the same repositories; name both, for registries differ in which of them a digest asks", pair.one.name(), verb, pair.other.name())
		}
	}
}

// readsBack reports whether the statement allows to read manifests as part of a push:
// clients read the manifest back, and need no layers for that.
func (b bundle) readsBack(s *statement, action actionSet) bool {
	return action == getManifest && s.Statement.Effect == iam.Allow && b.does(s, putManifest)
}

// wordFor is the place of the word that covers an action.
func (s *statement) wordFor(action actionSet) iam.Position {
	for _, w := range s.Actions {
		if coversAction(w.Text, action.name()) {
			return w.Position
		}
	}
	return s.Statement.Start
}

// does tells whether statements of the same effect cover the actions where s
// applies, or in a part of it.
func (b bundle) does(s *statement, actions actionSet) bool {
	return slices.ContainsFunc(b, func(d *document) bool {
		return slices.ContainsFunc(d.statements, func(other statement) bool {
			return other.Statement.Effect == s.Statement.Effect && other.covered.has(actions) && s.overlaps(&other)
		})
	})
}

// overlaps tells whether two statements are about the same resources and
// principals in part. Where it cannot tell, they are.
func (s *statement) overlaps(other *statement) bool {
	return s.sharesResources(other) && s.sharesPrincipals(other)
}

func (s *statement) sharesResources(other *statement) bool {
	if len(s.Resources) == 0 || len(other.Resources) == 0 || s.NotResource || other.NotResource {
		return true
	}
	for _, w := range s.Resources {
		for _, o := range other.Resources {
			if coversResource(w.Text, o.Text) || coversResource(o.Text, w.Text) {
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
	return slices.ContainsFunc(s.Principals, func(p iam.WrittenPrincipal) bool {
		return includesPrincipals(other.Principals, []iam.WrittenPrincipal{p})
	})
}

// incompletePush finds pushes that fail half way: clients ask whether a layer is
// there before they upload it, which here is a pull's right too, and on AWS is not.
// The steps are those of ECR's policy for pushes (Amazon ECR User Guide, "IAM
// permissions for pushing an image to an Amazon ECR private repository"). Of these,
// reading the manifest may be left to the caller's identity policies, as the examples
// of repository policies in the guide do.
func (l *linter) incompletePush(b bundle, d *document, s *statement) {
	if s.Statement.Effect != iam.Allow || !s.covered.has(putManifest) || !b.does(s, completeUpload) {
		return
	}
	var missing []string
	for _, step := range [...]actionSet{startUpload, uploadPart} {
		if !b.does(s, step) {
			missing = append(missing, step.name())
		}
	}
	if !b.does(s, checkLayer) && !b.does(s, getLayer) {
		missing = append(missing, checkLayer.name())
	}
	if !b.does(s, checkLayer) && b.does(s, getLayer) {
		l.report(d.policy.Source, s.wordFor(putManifest), "unchecked-push", "this allows to push and to pull, but not %s, without which a push to ECR fails; here the right to pull layers will do", checkLayer.name())
	}
	readsManifest := d.isResourceBased() || b.does(s, getManifest)
	if len(missing) > 0 && !readsManifest {
		missing = append(missing, getManifest.name())
	}
	switch {
	case len(missing) > 0:
		l.report(d.policy.Source, s.wordFor(putManifest), "incomplete-push", "this allows to push, but not %s, without which a push fails", strings.Join(missing, ", "))
	case !readsManifest:
		l.report(d.policy.Source, s.wordFor(putManifest), "incomplete-push", "this allows to push, but not %s, with which clients read the manifest back; a push with such a client fails", getManifest.name())
	}
}

// untaggedRepositories finds repositories that may be created with tags only,
// where nothing allows to tag them.
func (l *linter) untaggedRepositories(b bundle, d *document, s *statement) {
	if s.Statement.Effect != iam.Allow || !s.covered.has(createRepository) || b.does(s, tagResource) {
		return
	}
	for _, c := range s.Conditions {
		if key := strings.ToLower(c.Key.Text); strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys" {
			l.report(d.policy.Source, s.wordFor(createRepository), "missing-tag-resource", "repositories must be created with tags here, which on AWS takes ecr:TagResource too, and nothing allows it")
			return
		}
	}
}
