package main

import (
	"cmp"
	"strings"

	"extauthz/access"
	"extauthz/diag"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/simulate"
)

func whoCanUsage() command {
	return command{
		name: "who-can", summary: "list the principals that may perform an action",
		usage:    []string{"ACTION RESOURCE --policies DIR"},
		example:  "ecr:PutImage team/app --policies policies",
		negative: "no principal may perform the action",
		flags:    new(accessCommand).declare, run: whoCan,
	}
}

// whoCan prints the principals that may perform an action on a resource.
func whoCan(in *invocation) error {
	c := new(accessCommand)
	arguments, s, d, err := c.parse(in, "ACTION", "RESOURCE")
	if err != nil {
		return err
	}
	action, resource := arguments[0], arguments[1]
	if err := cmp.Or(simulate.CheckAction(action), access.CheckAction(action)); err != nil {
		return inputError{err}
	}
	var named []string
	if strings.HasPrefix(resource, "arn:") {
		named = []string{resource}
	}
	r, err := simulate.RegistryOf(s, c.registry, named)
	if err != nil {
		return inputError{err}
	}
	if resource, err = resourceOf(r, action, resource); err != nil {
		return inputError{err}
	}
	evaluating := in.begin(evaluatingPolicies)
	w := d.WhoCan(r, action, resource)
	evaluating.end()
	return printAnswer(in.stdout, c.format, w, len(w.Grants) == 0)
}

// resourceOf returns the resource of an action at a registry: * for an action without one,
// otherwise the ARN of the repository that a text is the ARN or the name of.
func resourceOf(r *policystore.Registry, action, text string) (string, error) {
	if strings.HasPrefix(text, "arn:") {
		if err := simulate.CheckInRegistry(r, text); err != nil {
			return "", err
		}
	}
	const remedy = "write the name or the ARN of one repository"
	name := strings.TrimPrefix(text, r.RepositoryARN(""))
	switch {
	case iam.IsResourceless(action) && text != "*":
		return "", diag.Problemf("%s is not an action on a repository", action).WithRemedy("write * for the resource")
	case iam.IsResourceless(action):
		return text, nil
	case text == "*":
		return "", diag.Problemf("* is not a repository").WithRemedy(remedy)
	case strings.ContainsAny(text, "*?"):
		return "", diag.Problemf("resource %q contains a wildcard", text).WithRemedy(remedy + "; what-can lists the patterns of a principal")
	case !mapping.ValidRepository(name):
		return "", diag.Problemf("%q is not the name of a repository", name).WithRemedy(remedy + ", such as team/app")
	}
	return r.RepositoryARN(name), nil
}
