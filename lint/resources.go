package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
)

// resources checks Resource and NotResource.
func (l *linter) resources(d *document, s *statement) {
	l.wildcardResource(d, s)
	if d.policy.Kind == iam.TrustPolicy {
		return
	}
	for _, e := range s.Resources {
		segments := strings.SplitN(e.Text, ":", 6)
		switch {
		case len(segments) != 6 || isPlaceholder(e.Text):
		case segments[2] != "ecr":
			l.otherServicesResource(d, s, e, segments[2])
		case s.covered&onRepositories == 0:
			l.repositoryWithoutAction(d, s, e)
		default:
			l.repository(d, s, e, segments)
		}
	}
}

// otherServicesResource finds a resource of another service in a statement that has
// only actions of ECR.
func (l *linter) otherServicesResource(d *document, s *statement, e iam.Entry, service string) {
	if s.NotAction || strings.ContainsAny(service, "*?") || isMistakenService(service) || strings.EqualFold(service, publicService) {
		return
	}
	for _, action := range s.Actions {
		if prefix, _, _ := strings.Cut(action.Text, ":"); !strings.EqualFold(prefix, "ecr") {
			return
		}
	}
	l.report(d.at(e.At), "unmatched-resource",
		messagef("resource %q belongs to the service %q, but none of the statement's actions do", e.Text, service),
		messagef("remove the resource, or add actions that apply to it"))
}

// repositoryWithoutAction finds a repository in a statement without actions on
// repositories. Unknown actions and those of another service are reported separately.
func (l *linter) repositoryWithoutAction(d *document, s *statement, e iam.Entry) {
	for _, action := range s.Actions {
		service, name, _ := strings.Cut(action.Text, ":")
		known := s.covered != 0 && !iam.IsResourceless(action.Text)
		if strings.EqualFold(service, "ecr") && !known || meansECR(service, name) {
			return
		}
	}
	l.report(d.at(e.At), "unmatched-resource",
		messagef("resource %q is a repository, but none of the statement's actions apply to repositories", e.Text),
		messagef("remove the resource, or add actions that apply to it"))
}

// The characters of accounts, regions and repository names, with wildcards.
var (
	accountPattern    = regexp.MustCompile(`^[0-9*?]*$`)
	regionPattern     = regexp.MustCompile(`^[a-z0-9*?-]*$`)
	repositoryPattern = regexp.MustCompile(`^[a-z0-9._/*?-]*$`)
)

// repository checks an ARN of ECR by its segments.
func (l *linter) repository(d *document, s *statement, e iam.Entry, segments []string) {
	region, account := segments[3], segments[4]
	name, isRepository := strings.CutPrefix(segments[5], "repository/")
	problem, remedy := "", ""
	switch {
	case strings.ContainsAny(region+account, "$"): // literal-variable reports it
		return
	case !regionPattern.MatchString(region) || region == "":
		problem, remedy = "its fourth part is not a region", "write a region, such as eu-central-1, or *"
	case !accountPattern.MatchString(account) || account == "" || !strings.ContainsAny(account, "*?") && len(account) != 12:
		problem, remedy = "its fifth part is not an account of twelve digits", "write the account's id, or *"
	case !isRepository && !strings.ContainsAny(segments[5], "*?$"):
		problem, remedy = "it does not end in repository/NAME", "write repository/ before the name"
	case isRepository:
		problem, remedy = problemOfName(name)
	}
	if problem != "" {
		l.report(d.at(e.At), "impossible-resource",
			messagef("no repository can have the ARN %q: %s", e.Text, problem),
			messagef("%s", remedy))
		return
	}
	l.repositoryHere(d, s, e, segments, name)
}

// problemOfName returns why no repository can have a name that the pattern matches, and
// what to do about it; "" if one can.
func problemOfName(name string) (problem, remedy string) {
	if before, _, found := strings.Cut(name, "${"); found {
		name = before + "*"
	}
	literal := !strings.ContainsAny(name, "*?")
	switch {
	case strings.ContainsAny(name, ":@"):
		return "the name contains a tag or digest", "remove the tag or digest"
	case !repositoryPattern.MatchString(name):
		return "the name contains a character that is not allowed", "use lower-case letters, digits, and . _ - / between them"
	case literal && !mapping.ValidRepository(name), strings.HasPrefix(name, "/"), strings.Contains(name, "//"), strings.HasSuffix(name, "/"):
		return "the name is not a valid repository name", "correct the name"
	}
	return "", ""
}

// repositoryHere finds ARNs whose registry or repository the directory does not have.
func (l *linter) repositoryHere(d *document, s *statement, e iam.Entry, segments []string, name string) {
	var owners []*policystore.Registry
	for _, r := range l.registries {
		if covers(segments[1], r.Partition) && covers(segments[3], r.Region) && covers(segments[4], r.Account) {
			owners = append(owners, r)
		}
	}
	switch {
	case len(owners) == 0 && l.isOtherPartition(segments[1]): // other-partition reports it
		return
	case len(owners) == 0:
		l.reportOf(s.Statement.Effect, d.at(e.At), "unserved-resource",
			messagef("no registry in registries.yaml has the account and region of %q, so it matches nothing here", e.Text),
			messagef("correct the ARN, or add the registry"))
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
	l.reportOf(s.Statement.Effect, d.at(e.At), "unlisted-repository",
		messagef("repositories.json does not list the repository of %q", e.Text),
		messagef("correct the name, or save repositories.json again"))
}

// isOtherPartition reports whether a known partition of AWS contains none of the
// registries.
func (l *linter) isOtherPartition(partition string) bool {
	return slices.Contains(slices.Collect(iam.Partitions()), partition) &&
		!slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool { return r.Partition == partition })
}

// wildcardResource finds rights in every repository if the actions could be limited to
// some. A condition on a repository's tags is such a limit.
func (l *linter) wildcardResource(d *document, s *statement) {
	if d.policy.Kind != iam.IdentityPolicy || !d.allows(s) || s.NotAction || s.NotResource || s.covered&onRepositories == 0 {
		return
	}
	for _, c := range s.Conditions {
		if iam.IsResourceTag(c.Key.Text) {
			return
		}
	}
	for _, e := range s.Resources {
		if e.Text == "*" {
			l.report(d.at(e.At), "wildcard-resource",
				messagef("this Allow covers every repository of every account"),
				messagef("list the repositories, and allow ecr:GetAuthorizationToken in a separate statement"))
		}
	}
}

// resourceForms finds what AWS documents as unsupported in an ARN, and what matches
// nothing.
func (i *inspection) resourceForms(s *iam.StatementSyntax, compiled *iam.Statement) {
	for _, e := range s.Resources {
		if e.Text != "*" {
			i.resourceForm(s, compiled.Effect, e)
		}
	}
	if s.ResourceAt != (diag.Point{}) && i.policy.Kind == iam.RepositoryPolicy {
		name := "Resource"
		if s.NotResource {
			name = "NotResource"
		}
		i.reportAt(s.ResourceAt, "resource-in-repository-policy",
			messagef("ECR may refuse a repository policy with %s", name),
			messagef("leave it out, the policy is about its own repository"))
	}
}

func (i *inspection) resourceForm(s *iam.StatementSyntax, effect iam.Effect, e iam.Entry) {
	full := iam.CompletedARN(e.Text)
	if full != e.Text {
		i.reportAt(e.At, "short-arn", messagef("%q has too few segments and counts as %q", e.Text, full), messagef("write it in full"))
	}
	segments := strings.SplitN(full, ":", 6)
	i.variables(segments[5], e.At)
	before, _, hasVariable := strings.Cut(e.Text, "${")
	const inFull = "write the service in full, such as \"ecr\""
	switch {
	case hasVariable && !i.hasVariables():
		i.reportAt(e.At, "literal-variable",
			messagef("resource %q contains \"${\", which is plain text in version %s", e.Text, oldVersion),
			messagef("write \"Version\": %q for policy variables", newVersion))
	case hasVariable && strings.Count(before, ":") < 5:
		i.reportAt(e.At, "literal-variable",
			messagef("resource %q has a policy variable before the fifth colon, where it is plain text and matches nothing", e.Text), message{})
	case hasWildcardInService(full) && effect == iam.Allow && !s.NotResource:
		i.reportAt(e.At, "unsupported-wildcard",
			messagef("resource %q has a wildcard in its service, so that this Allow does not match it", e.Text), messagef(inFull))
	case hasWildcardInService(full):
		i.reportAt(e.At, "unsupported-wildcard",
			messagef("resource %q has a wildcard in its service, which AWS does not accept", e.Text), messagef(inFull))
	}
	if partition := segments[1]; !iam.IsPartition(partition) {
		i.reportAt(e.At, "unknown-partition", messagef("resource %q is of the unknown partition %q", e.Text, partition), message{})
	}
}
