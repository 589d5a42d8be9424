package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
)

// resources finds resources that can match nothing: no repository, none of this
// directory's, or none that the statement's actions are about.
func (l *linter) resources(d *document, s *statement) {
	if d.policy.Kind == iam.TrustPolicy {
		return
	}
	for _, w := range s.Resources {
		segments := strings.SplitN(w.Text, ":", 6)
		switch {
		case len(segments) != 6 || isPlaceholder(w.Text):
		case segments[2] != "ecr":
			l.foreignResource(d, s, w, segments[2])
		case s.covered&ofRepositories == 0:
			l.resourceWithoutAction(d, s, w)
		default:
			l.repository(d, s, w, segments)
		}
	}
}

// foreignResource finds a resource of another service beside actions of ECR
// alone.
func (l *linter) foreignResource(d *document, s *statement, w iam.Word, service string) {
	if s.NotAction || strings.ContainsAny(service, "*?") || isMistakenService(service) || strings.EqualFold(service, publicService) {
		return
	}
	for _, action := range s.Actions {
		if prefix, _, _ := strings.Cut(action.Text, ":"); !strings.EqualFold(prefix, "ecr") {
			return
		}
	}
	l.report(d.policy.Source, w.Position, "unmatched-resource", "resource %q is of the service %q, which none of the statement's actions are about", w.Text, service)
}

// resourceWithoutAction finds a repository beside actions that are about none.
// What is unknown or another service's among them is told by itself.
func (l *linter) resourceWithoutAction(d *document, s *statement, w iam.Word) {
	for _, action := range s.Actions {
		service, name, _ := strings.Cut(action.Text, ":")
		known := s.covered != 0 && !iam.IsResourceless(action.Text)
		if strings.EqualFold(service, "ecr") && !known || meansECR(service, name) {
			return
		}
	}
	l.report(d.policy.Source, w.Position, "unmatched-resource", "resource %q is a repository, which none of the statement's actions are about", w.Text)
}

// The characters of accounts, regions and repository names, with wildcards.
var (
	accountPattern    = regexp.MustCompile(`^[0-9*?]*$`)
	regionPattern     = regexp.MustCompile(`^[a-z0-9*?-]*$`)
	repositoryPattern = regexp.MustCompile(`^[a-z0-9._/*?-]*$`)
)

// repository judges an ARN of ECR by its segments.
func (l *linter) repository(d *document, s *statement, w iam.Word, segments []string) {
	name, isRepository := strings.CutPrefix(segments[5], "repository/")
	problem := ""
	switch {
	case strings.ContainsAny(segments[3]+segments[4], "$"): // a variable before the fifth colon is told by itself
		return
	case !regionPattern.MatchString(segments[3]) || segments[3] == "":
		problem = "a repository's ARN has a region such as eu-central-1 in the fourth place"
	case !accountPattern.MatchString(segments[4]) || segments[4] == "" || !strings.ContainsAny(segments[4], "*?") && len(segments[4]) != 12:
		problem = "a repository's ARN has an account of twelve digits in the fifth place"
	case !isRepository && !strings.ContainsAny(segments[5], "*?$"):
		problem = "the ARN of a repository ends in repository/NAME"
	case isRepository:
		problem = problemOfName(name)
	}
	if problem != "" {
		l.report(d.policy.Source, w.Position, "impossible-resource", "no repository has the ARN %q: %s", w.Text, problem)
		return
	}
	l.servedHere(d, s, w, segments, name)
}

// problemOfName says why no repository has a name that the pattern matches.
func problemOfName(name string) string {
	if before, _, found := strings.Cut(name, "${"); found {
		name = before + "*"
	}
	literal := !strings.ContainsAny(name, "*?")
	switch {
	case strings.ContainsAny(name, ":@"):
		return "policies name repositories, not tags or digests"
	case !repositoryPattern.MatchString(name):
		return "a repository's name has lower-case letters, digits, and . _ - / between them"
	case literal && !mapping.ValidRepository(name), strings.HasPrefix(name, "/"), strings.Contains(name, "//"), strings.HasSuffix(name, "/"):
		return "that is not a repository's name"
	}
	return ""
}

// servedHere finds ARNs of registries and repositories that the directory does
// not have.
func (l *linter) servedHere(d *document, s *statement, w iam.Word, segments []string, name string) {
	var owners []*policystore.Registry
	for _, r := range l.registries {
		if covers(segments[1], r.Partition) && covers(segments[3], r.Region) && covers(segments[4], r.Account) {
			owners = append(owners, r)
		}
	}
	report := l.reporterOf(s.Statement.Effect)
	switch {
	case len(owners) == 0 && l.isOtherPartition(segments[1]): // other-partition says so
		return
	case len(owners) == 0:
		report(d.policy.Source, w.Position, "unserved-resource", "no registry in registries.yaml has the account and region of %q, so that it matches nothing here", w.Text)
		return
	}
	if name == "" || strings.ContainsAny(name, "*?$") {
		return
	}
	for _, r := range owners {
		if r.Exists == nil || r.Exists(name) {
			return
		}
	}
	report(d.policy.Source, w.Position, "unlisted-repository", "repositories.json does not list the repository of %q", w.Text)
}

// isOtherPartition reports whether a known partition of AWS has none of the registries.
func (l *linter) isOtherPartition(partition string) bool {
	return slices.Contains(slices.Collect(iam.Partitions()), partition) &&
		!slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool { return r.Partition == partition })
}

// wildcardResource finds rights in every repository where the actions could be
// limited to some. A condition on a repository's tags is such a limit.
func (l *linter) wildcardResource(d *document, s *statement) {
	if d.policy.Kind != iam.IdentityPolicy || !d.allows(s) || s.NotAction || s.NotResource || s.covered&ofRepositories == 0 {
		return
	}
	for _, c := range s.Conditions {
		if isResourceTag(strings.ToLower(c.Key.Text)) {
			return
		}
	}
	for _, w := range s.Resources {
		if w.Text == "*" {
			l.report(d.policy.Source, w.Position, "wildcard-resource", "this Allow is about every repository of every account; name the repositories, and give ecr:GetAuthorizationToken a statement of its own")
		}
	}
}
