package lint

import (
	_ "embed"
	"slices"
	"strings"

	"extauthz/iam"
)

// sharedActions lists the ECR actions whose names other services' actions have too,
// each with those services. The program tests/awsactions writes it.
//
//go:embed sharedactions.txt
var sharedActions string

// misspeltServices finds another service's prefix where ECR's is meant: ecs for
// ecr, as AWS's own guide has it in places. The public registry is a service of
// its own with the same actions.
func (l *linter) misspeltServices(d *document, s *statement) {
	for _, w := range s.Actions {
		if service, name, _ := strings.Cut(w.Text, ":"); meansECR(service, name) {
			l.report(d.policy.Source, w.Position, "other-service", "%q matches nothing: the service has no such action, but ECR has; write \"ecr:%s\"", w.Text, name)
		}
	}
	for _, w := range s.Resources {
		segments := strings.SplitN(w.Text, ":", 6)
		if len(segments) == 6 && isMistakenService(segments[2]) && strings.HasPrefix(segments[5], "repository/") {
			l.report(d.policy.Source, w.Position, "other-service", "%q names a repository of the service %q, which has none; write \"ecr\"", w.Text, segments[2])
		}
	}
}

// meansECR reports whether an action with the prefix of another service was meant to
// be ECR's: it has the name of an ECR action, and the service has no such action. For
// the name of an action that some services have, the prefix must be one that is
// mistaken for ECR's: another prefix may be that of a service that is new.
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

// isMistakenService reports whether a service's prefix is one that people write where
// they mean ECR's. Other services, such as codeartifact, have repositories too.
func isMistakenService(service string) bool {
	return slices.Contains([]string{"ecs", "eks", "ec2", "erc", "ec", "docker", "elasticcontainerregistry", "registry"}, strings.ToLower(service))
}
