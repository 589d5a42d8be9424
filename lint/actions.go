package lint

import (
	_ "embed"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/nearest"
)

// actions checks Action and NotAction.
func (l *linter) actions(d *document, s *statement) {
	l.otherServices(d, s)
	l.resourcelessActions(d, s)
	l.allowNot(d, s)
}

// sharedActions lists the ECR actions whose names are also names of actions of other
// services, each with those services. The program tests/awsactions writes it.
//
//go:embed sharedactions.txt
var sharedActions string

// otherServices finds the prefix of another service instead of ECR's. ecs instead of
// ecr occurs in AWS's own guide. The public registry is a separate service with the
// same actions.
func (l *linter) otherServices(d *document, s *statement) {
	for _, e := range s.Actions {
		if service, name, _ := strings.Cut(e.Text, ":"); meansECR(service, name) {
			l.report(d.at(e.At), "other-service",
				messagef("%q matches nothing: the service does not have this action, but ECR does", e.Text),
				messagef("write \"ecr:%s\"", name))
		}
	}
	for _, e := range s.Resources {
		segments := strings.SplitN(e.Text, ":", 6)
		if len(segments) == 6 && isMistakenService(segments[2]) && strings.HasPrefix(segments[5], "repository/") {
			l.report(d.at(e.At), "other-service",
				messagef("%q is a repository of the service %q, which does not have repositories", e.Text, segments[2]),
				messagef("write \"ecr\""))
		}
	}
}

// meansECR reports whether an action with the prefix of another service was meant to
// be ECR's: it has the name of an ECR action, and the service does not have such an
// action. If some services do have an action of that name, the prefix must be one that
// is mistaken for ECR's: any other may belong to a new service.
func meansECR(service, name string) bool {
	if strings.EqualFold(service, "ecr") || strings.EqualFold(service, publicService) || service == "*" || !isECRAction(name) {
		return false
	}
	services := servicesWith(name)
	if slices.Contains(services, strings.ToLower(service)) {
		return false
	}
	distinctive := !slices.ContainsFunc(services, func(s string) bool { return s != publicService })
	return distinctive || isMistakenService(service)
}

// publicService is the prefix of Amazon ECR Public.
const publicService = "ecr-public"

func isECRAction(name string) bool {
	for action := range iam.ECRActions() {
		if strings.EqualFold(strings.TrimPrefix(action, "ecr:"), name) {
			return true
		}
	}
	return false
}

// servicesWith returns the prefixes of the other services that have an action of that
// name.
func servicesWith(name string) []string {
	for line := range strings.Lines(sharedActions) {
		if action, services, found := strings.Cut(line, ":"); found && strings.EqualFold(action, name) {
			return strings.Fields(services)
		}
	}
	return nil
}

// isMistakenService reports whether people write a service's prefix when they mean
// ECR's. Other services, such as codeartifact, have repositories too.
func isMistakenService(service string) bool {
	return slices.Contains([]string{"ecs", "eks", "ec2", "erc", "ec", "docker", "elasticcontainerregistry", "registry"}, strings.ToLower(service))
}

// resourcelessActions finds actions that do not apply to repositories in statements
// that cannot cover them. Only an identity policy can allow them, on the Resource "*".
// A Deny of them on repositories, or in the policy of a repository or registry, has no
// effect.
func (l *linter) resourcelessActions(d *document, s *statement) {
	allows := s.Statement.Effect == iam.Allow
	if allows && !d.grants() || d.policy.Kind == iam.TrustPolicy || s.NotAction || !d.isResourceBased() && (s.NotResource || hasStar(s.Resources)) {
		return
	}
	for _, e := range s.Actions {
		if !iam.IsResourceless(e.Text) {
			continue
		}
		at := d.at(e.At)
		switch {
		case allows && d.isResourceBased():
			l.report(at, "resourceless-action",
				messagef("%q does not apply to repositories, so this %s cannot allow it", e.Text, d.policy.Kind),
				messagef("allow it in an identity policy"))
		case allows:
			l.report(at, "resourceless-action",
				messagef("%q does not apply to repositories: only the Resource \"*\" allows it", e.Text),
				messagef("move it to a statement with the Resource \"*\""))
		case d.isResourceBased():
			l.report(at, "resourceless-action",
				messagef("%q does not apply to repositories, so this %s cannot deny it", e.Text, d.policy.Kind),
				messagef("deny it in an identity policy or a service control policy"))
		default:
			l.report(at, "resourceless-action",
				messagef("%q does not apply to repositories, so this Deny on repositories does not deny it", e.Text),
				messagef("deny it on the Resource \"*\""))
		}
	}
}

// allowNot finds Allows with NotAction or NotResource.
func (l *linter) allowNot(d *document, s *statement) {
	if !d.allows(s) {
		return
	}
	if s.NotAction && len(s.Actions) > 0 {
		l.report(d.at(s.Actions[0].At), "allow-not-action",
			messagef("this Allow covers every action except those in NotAction, including actions that AWS adds later"),
			messagef("list the actions to allow in Action"))
	}
	if s.NotResource && len(s.Resources) > 0 && s.covered != 0 {
		l.report(d.at(s.Resources[0].At), "allow-not-resource",
			messagef("this Allow covers every resource except those in NotResource, including repositories created later"),
			messagef("list the resources to allow in Resource"))
	}
}

// unknownActions finds actions that cannot match anything.
func (i *inspection) unknownActions(s *iam.StatementSyntax) {
	for _, e := range s.Actions {
		service, name, _ := strings.Cut(e.Text, ":")
		switch {
		case strings.ContainsAny(name, " \t\r\n"):
			i.reportAt(e.At, "blank-in-action", messagef("action %q contains a blank, so it never matches", e.Text), message{})
		case strings.EqualFold(service, "ecr") && !coversKnownAction(e.Text):
			i.reportAt(e.At, "unknown-action", messagef("action %q is none of the known ECR actions", e.Text), i.didYouMean(name, nearestAction))
		}
	}
}

// knownActions are ECR's known actions with their prefix, in lower case.
var knownActions = slices.Collect(func(yield func(string) bool) {
	for action := range iam.ECRActions() {
		if !yield(strings.ToLower(action)) {
			return
		}
	}
})

// coversKnownAction reports whether a pattern covers a known action. Most patterns are one.
func coversKnownAction(pattern string) bool {
	pattern = strings.ToLower(pattern)
	return slices.Contains(knownActions, pattern) || slices.ContainsFunc(knownActions, func(action string) bool { return covers(pattern, action) })
}

// nearestAction returns the known ECR action whose name is nearest to a misspelled
// one, "" if none is near.
func nearestAction(name string) string {
	if strings.ContainsAny(name, "*?") {
		return ""
	}
	return nearest.To("ecr:"+name, iam.ECRActions(), len(name)/3)
}
