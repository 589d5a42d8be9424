package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// conditionKeys finds conditions whose keys registry requests do not have here. The
// request for a session, which trust policies apply to, has other keys.
func (l *linter) conditionKeys(d *document, s *statement) {
	if d.policy.Kind == iam.TrustPolicy || s.covered&(requested|getToken) == 0 {
		return
	}
	for _, c := range s.Conditions {
		l.unprovenMFA(d, c)
		if !l.isForAWSServices(s) {
			l.absentKey(d, c)
		}
	}
}

// absentKey finds a key that no registry request has here.
func (l *linter) absentKey(d *document, c condition) {
	key := strings.ToLower(c.Key.Text)
	code, why, remedy := "absent-key", "no registry request has it", "remove the condition, or use a key of the caller or the connection"
	switch {
	case !strings.Contains(key, ":"):
		return // key-without-prefix reports it
	case strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys":
		code, why, remedy = "request-tag-key", "it is set only when a repository is tagged, which no registry request does", "limit the repositories in Resource, or use ecr:ResourceTag"
	case l.isOfSource(key):
		return
	case isAbsent(key):
	case iam.IsResourceTag(key) && len(l.contents.TagKeys) > 0:
		if l.contents.TagKeys[key] {
			return
		}
		code, why, remedy = "absent-tag", "no repository has this tag now", "correct the key, or add the tag to the _tags.json of the repositories"
	default:
		if why, remedy = l.unconfigured(key); why == "" {
			return
		}
		code = "unconfigured-key"
	}
	l.report(d.at(c.Key.At), code, messagef("condition key %q: %s, so %s", c.Key.Text, why, withoutKey(c)),
		messagef("%s", remedy))
}

// unprovenMFA finds a condition on multi-factor authentication, which no credential
// here proves. The key is false in sessions, and absent for other callers.
func (l *linter) unprovenMFA(d *document, c condition) {
	if !strings.EqualFold(c.Key.Text, "aws:MultiFactorAuthPresent") {
		return
	}
	if c.holds(nil) == c.holds(iam.Context{{Key: c.Key.Text, Value: "false"}}) {
		l.report(d.at(c.Key.At), "unproven-mfa",
			messagef("no credential here proves multi-factor authentication: %q is false or absent, so %s", c.Key.Text, withoutKey(c)),
			messagef("exclude ECR's actions from the statement, or require a claim that proves the second factor"))
	}
}

// isForAWSServices reports whether a statement is an Allow for AWS services that no
// credential is bound to. On AWS their requests have other keys.
func (l *linter) isForAWSServices(s *statement) bool {
	return s.Statement.Effect == iam.Allow && len(s.Principals) > 0 && !slices.ContainsFunc(s.Principals, func(p iam.PrincipalSyntax) bool {
		return p.Type != "Service" || slices.ContainsFunc(l.contents.Credentials, func(c policystore.BoundCredential) bool { return c.Principal == p.Text })
	})
}

// withoutKey returns the value of a condition if its key is absent.
func withoutKey(c condition) string {
	if c.holds(nil) {
		return c.Operator + " is always true"
	}
	return c.Operator + " is always false"
}

// isAbsent reports whether no registry request has a key: keys of other services,
// global keys that only AWS's services and consoles set (IAM User Guide, "AWS global
// condition context keys"), and ECR's key for account settings.
func isAbsent(key string) bool {
	switch key {
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths",
		"aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:principalservicenameslist",
		"aws:chatbotsourcearn", "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4",
		"aws:assumedroot", "aws:ismcpserviceaction", "aws:multifactorauthage", "aws:sourcevpcarn",
		"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "ecr:accountsetting":
		return true
	}
	prefix, _, _ := strings.Cut(key, ":")
	return prefix != "aws" && prefix != "ecr" && prefix != "oci"
}

// isOfSource reports whether a credential sets a key, in lower case, about the resource
// that a service calls for.
func (l *linter) isOfSource(key string) bool {
	return slices.ContainsFunc(l.contents.Credentials, func(c policystore.BoundCredential) bool {
		switch key {
		case "aws:sourcearn":
			return c.SourceARN != ""
		case "aws:sourceaccount":
			return c.SourceARN != "" || c.SourceAccount != ""
		case "aws:sourceorgid", "aws:sourceorgpaths":
			return (c.SourceARN != "" || c.SourceAccount != "") && l.registries[0].Organization != nil
		}
		return false
	})
}

// unconfigured returns why requests do not have a key that they would have with other
// files, and what to do about it; "" if they have it.
func (l *linter) unconfigured(key string) (why, remedy string) {
	if iam.IsResourceTag(key) {
		return "no repository has a _tags.json", "add the tags of the repositories"
	}
	switch key {
	case "aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths":
		if l.registries[0].Organization == nil {
			return "the directory has no organization.yaml", "add organization.yaml"
		}
	case "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip":
		if !slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool { return r.VPCEndpoint != nil }) {
			return "no registry has a vpcEndpoint", "add the vpcEndpoint of the registry"
		}
	case "aws:sourceip":
		if !slices.ContainsFunc(l.registries, func(r *policystore.Registry) bool { return r.VPCEndpoint == nil }) {
			return "every registry has a vpcEndpoint, which sets aws:VpcSourceIp instead", "use aws:VpcSourceIp"
		}
	}
	return "", ""
}
