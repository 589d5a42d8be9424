package lint

import (
	"regexp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// placeholder is what examples and templates have in place of a value.
var placeholder = regexp.MustCompile(`(?i)aws_account_id|account[-_]?id[-_]without[-_]hyphens|\byour[-_][a-z]+|<[^<>]*>|` +
	`(?:^|[^$])\{\{?[a-z][a-z0-9_. -]*\}|\$\{(?:account|accountid|region|partition|repositoryname|tagkey|aws::[a-z]+)\}|` +
	`:(?:region|account|account[-_]?id|accountnumber):|\$[a-z_]+\b`)

// placeholders finds what documentation left in. Braces are no characters of
// names, so that whatever is between them was meant to be replaced.
func (l *linter) placeholders(d *document, s *statement) {
	if s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	words := slices.Clone(s.Resources)
	for _, p := range s.Principals {
		words = append(words, p.Word)
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Text, "aws:UserAgent") {
			words = append(words, c.Values...)
		}
	}
	for _, w := range words {
		if found := placeholder.FindString(w.Text); found != "" {
			l.placeheld[policystore.Place{Source: d.policy.Source, Position: w.Position}] = true
			l.report(d.policy.Source, w.Position, "placeholder", "%q still holds %q, which an example means to be replaced", w.Text, strings.Trim(found, ":"))
		}
	}
}

func isPlaceholder(text string) bool { return placeholder.MatchString(text) }

// ownActions are names of ECR's actions that no other service has.
var ownActions = setOf("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer", "InitiateLayerUpload",
	"UploadLayerPart", "CompleteLayerUpload", "PutImage", "BatchDeleteImage", "SetRepositoryPolicy", "GetRepositoryPolicy",
	"PutLifecyclePolicy", "DescribeRepositories")

// ofECSToo are names that Amazon ECS has as well.
var ofECSToo = setOf("TagResource", "UntagResource", "ListTagsForResource", "PutAccountSetting")

// misspeltServices finds another service's prefix where ECR's is meant: ecs for
// ecr, as AWS's own guide has it in places. The public registry is a service of
// its own with the same actions.
func (l *linter) misspeltServices(d *document, s *statement) {
	for _, w := range s.Actions {
		service, name, _ := strings.Cut(w.Text, ":")
		if isOtherService(service) && namesECR(service, name) {
			l.report(d.policy.Source, w.Position, "other-service", "%q is an action of ECR with the prefix of another service, so that it matches nothing; write \"ecr:%s\"", w.Text, name)
		}
	}
	for _, w := range s.Resources {
		segments := strings.SplitN(w.Text, ":", 6)
		if len(segments) == 6 && isMistakenService(segments[2]) && strings.HasPrefix(segments[5], "repository/") {
			l.report(d.policy.Source, w.Position, "other-service", "%q names a repository of the service %q, which has none; write \"ecr\"", w.Text, segments[2])
		}
	}
}

func isOtherService(service string) bool {
	return !strings.EqualFold(service, "ecr") && !strings.EqualFold(service, "ecr-public") && service != "*"
}

// isMistakenService tells what is written for ecr. Other services, such as
// codeartifact, have repositories too.
func isMistakenService(service string) bool {
	return slices.Contains([]string{"ecs", "eks", "ec2", "erc", "ec", "docker", "elasticcontainerregistry", "registry"}, strings.ToLower(service))
}

// namesECR tells whether a name is that of an action of ECR, which the service
// has not.
func namesECR(service, name string) bool {
	meant := ownActions
	if isMistakenService(service) {
		meant = asked | ofRepositories | login
		if strings.EqualFold(service, "ecs") {
			meant &^= ofECSToo
		}
		if strings.EqualFold(service, "ec2") {
			meant &^= setOf("DescribeImages")
		}
	}
	for _, action := range meant.names() {
		if strings.EqualFold(strings.TrimPrefix(action, "ecr:"), name) {
			return true
		}
	}
	return false
}
