package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// missingKeys finds conditions on keys that no registry request carries here. A
// trust policy is about the request for a session, which carries others.
func (l *linter) missingKeys(d *document, s *statement) {
	if d.policy.Kind == iam.TrustPolicy || s.covered&(asked|login) == 0 || l.forAWSServices(s) {
		return
	}
	for _, c := range s.Conditions {
		key := strings.ToLower(c.Key.Text)
		code, why := "absent-key", "no registry request carries it"
		switch {
		case !strings.Contains(key, ":"):
			continue // found as key-without-prefix
		case strings.HasPrefix(key, "aws:requesttag/") || key == "aws:tagkeys":
			code, why = "request-tag-key", "it is there where a repository is tagged, which no registry request does"
		case l.isOfSource(key):
			continue
		case isAbsent(key):
		case isResourceTag(key) && len(l.contents.TagKeys) > 0:
			if l.contents.TagKeys[key] {
				continue
			}
			code, why = "absent-tag", "no repository has the tag now"
		default:
			if why = l.unconfigured(key); why == "" {
				continue
			}
			code = "unconfigured-key"
		}
		l.report(d.policy.Source, c.Key.Position, code, "condition key %q: %s, so that %s", c.Key.Text, why, outcome(s.Statement.Effect, c))
	}
}

// unprovenMFA finds conditions on multi-factor authentication, which no credential
// here proves: the key is false in sessions, and absent for who has none.
func (l *linter) unprovenMFA(d *document, s *statement) {
	if d.policy.Kind == iam.TrustPolicy || s.covered&(asked|login) == 0 {
		return
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key.Text, "aws:MultiFactorAuthPresent") {
			continue
		}
		only := []iam.WrittenCondition{c}
		absent := holds(s.Statement.Effect, only)
		if absent == holds(s.Statement.Effect, only, iam.ContextEntry{Key: c.Key.Text, Value: "false"}) {
			l.report(d.policy.Source, c.Key.Position, "unproven-mfa", "no credential here proves multi-factor authentication: %q is false or absent, so that %s", c.Key.Text, outcome(s.Statement.Effect, c))
		}
	}
}

// forAWSServices tells whether an Allow is for services of AWS that call ECR on AWS,
// where their requests carry other keys, and that no credential stands for here.
func (l *linter) forAWSServices(s *statement) bool {
	return s.Statement.Effect == iam.Allow && len(s.Principals) > 0 && !slices.ContainsFunc(s.Principals, func(p iam.WrittenPrincipal) bool {
		return p.Type != "Service" || slices.ContainsFunc(l.contents.Credentials, func(c policystore.Credential) bool { return c.Principal == p.Text })
	})
}

// outcome says what a condition is in a statement of that effect where its key is
// absent.
func outcome(effect iam.Effect, c iam.WrittenCondition) string {
	if holds(effect, []iam.WrittenCondition{c}) {
		return c.Operator + " always holds"
	}
	return c.Operator + " never holds"
}

// isAbsent tells whether no registry request carries a key: those of other
// services, global ones that only AWS's services and consoles set (IAM User
// Guide, "AWS global condition context keys"), and ECR's for account settings.
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

// isOfSource reports whether a key, in lower case, is about the resource for which a
// service calls, and a credential sets it.
func (l *linter) isOfSource(key string) bool {
	return slices.ContainsFunc(l.contents.Credentials, func(c policystore.Credential) bool {
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

// unconfigured says why requests do not carry a key that they would with other
// settings; "" where they do.
func (l *linter) unconfigured(key string) string {
	if isResourceTag(key) {
		return "no repository has a _tags.json"
	}
	switch key {
	case "aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths":
		if l.registries[0].Organization == nil {
			return "there is no organization.yaml"
		}
	case "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip":
		if !l.anyEndpoint(true) {
			return "no registry has a vpcEndpoint"
		}
	case "aws:sourceip":
		if !l.anyEndpoint(false) {
			return "every registry has a vpcEndpoint, with which aws:VpcSourceIp takes its place"
		}
	}
	return ""
}

// isResourceTag tells whether a key, in lower case, is a tag of a repository.
func isResourceTag(key string) bool {
	return strings.HasPrefix(key, "aws:resourcetag/") || strings.HasPrefix(key, "ecr:resourcetag/")
}

// anyEndpoint tells whether a registry has a VPC endpoint, or has none.
func (l *linter) anyEndpoint(has bool) bool {
	for _, r := range l.registries {
		if (r.VPCEndpoint != nil) == has {
			return true
		}
	}
	return false
}
