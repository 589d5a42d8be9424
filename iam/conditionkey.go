package iam

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"extauthz/nearest"
)

// checkConditionKey checks the name of a condition key: a prefix, a colon and
// a name. The prefix is a service or an OIDC provider. After a colon or a slash
// the name may contain any characters, further colons included: the rest is a
// key of an encryption context or a tag (AWS KMS Developer Guide, "AWS KMS
// condition keys", kms:EncryptionContext:context-key; Service Authorization
// Reference for Amazon SageMaker, sagemaker:ModelLifeCycle:Stage). AWS also
// accepts a name without a prefix (moto's collection of AWS's answers).
func checkConditionKey(key string) error {
	prefix, name, found := strings.Cut(key, ":")
	if !found {
		prefix, name = "none", key
	}
	fixed := name[:len(name)-len(strings.TrimLeftFunc(name, func(c rune) bool { return c != ':' && c != '/' }))]
	switch {
	case prefix == "" || name == "":
		return invalid(key, "lacks a service prefix or a name", "write both as in aws:SourceIp")
	case strings.ContainsAny(fixed, " \t\r\n*?"), !isKeyPrefix(prefix):
		return invalid(key, "has characters that no condition key has", "write one as in aws:SourceIp")
	}
	return nil
}

// placeholder matches a part that the Service Authorization Reference leaves to
// the reader, as in agent.${Domain}.buildkite.dev:build_branch.
var placeholder = regexp.MustCompile(`\$\{[A-Za-z]+\}`)

// isKeyPrefix reports whether s is a valid prefix of a condition key: a service,
// or an OIDC provider, which is a host and an optional path of visible
// characters (RFC 3986, section 3.3). Placeholders are accepted in it.
func isKeyPrefix(s string) bool {
	host, path, _ := strings.Cut(placeholder.ReplaceAllString(s, "x"), "/")
	for i := range len(path) {
		if path[i] <= ' ' || path[i] > '~' || strings.IndexByte("*?\"\\<>^`{|}", path[i]) >= 0 {
			return false
		}
	}
	return isVendor(host)
}

// ExtensionPrefix is the prefix of condition keys that AWS does not have.
const ExtensionPrefix = "oci:"

// checkExtension refuses a key of this project's own namespace that does not
// exist. It would always be absent, so that a Deny with it would never apply.
func checkExtension(key string) error {
	known := []string{KeyReference, KeyReferenceType}
	if prefixIgnoringCase(key, ExtensionPrefix) < 0 || slices.ContainsFunc(known, func(k string) bool { return equalIgnoringCase(k, key) }) {
		return nil
	}
	return invalid(key, "does not exist, so that a Deny with it would never apply",
		fmt.Sprintf("did you mean %q?", nearest.To(key, slices.Values(known), len(key)+len(KeyReferenceType))))
}

// TagKeys returns the prefixes of the condition keys that end in the key of a tag.
func TagKeys() iter.Seq[string] {
	return strings.FieldsSeq("aws:PrincipalTag/ aws:RequestTag/ aws:ResourceTag/ ecr:ResourceTag/ iam:ResourceTag/")
}

// IsResourceTag reports whether a condition key, in any case, is that of a repository's tag.
func IsResourceTag(key string) bool {
	return prefixIgnoringCase(key, "aws:ResourceTag/") >= 0 || prefixIgnoringCase(key, "ecr:ResourceTag/") >= 0
}

// RegistryKeys returns the other condition keys of AWS that a registry request or
// its authorization can carry (IAM User Guide, "AWS global condition context
// keys"; Service Authorization Reference for Amazon ECR).
func RegistryKeys() iter.Seq[string] { return slices.Values(registryKeys) }

var registryKeys = strings.Fields(`
	aws:AssumedRoot aws:CalledVia aws:CalledViaFirst aws:CalledViaLast
	aws:ChatbotSourceArn aws:CurrentTime aws:Ec2InstanceSourcePrivateIPv4
	aws:Ec2InstanceSourceVpc aws:EpochTime aws:FederatedProvider
	aws:IsMcpServiceAction aws:MultiFactorAuthAge aws:MultiFactorAuthPresent
	aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService
	aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName
	aws:PrincipalServiceNamesList aws:PrincipalType aws:Referer
	aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID
	aws:ResourceOrgPaths aws:SecureTransport aws:SourceAccount aws:SourceArn
	aws:SourceIdentity aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths
	aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:TagKeys
	aws:TokenIssueTime aws:UserAgent aws:userid aws:username
	aws:ViaAWSService aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths
	aws:VpcSourceIp ecr:AccountSetting`)

// DescribeKey reports whether a condition key, in any case, is one that a registry request
// or its authorization can carry, and whether it is multivalued. The keys of other services
// count as known.
func DescribeKey(key string) (known, multivalued bool) {
	key = strings.ToLower(key)
	for prefix := range TagKeys() {
		if width := prefixIgnoringCase(key, prefix); width >= 0 {
			return width < len(key), false
		}
	}
	if slices.ContainsFunc(registryKeys, func(name string) bool { return equalIgnoringCase(name, key) }) {
		return true, isMultivalued(key)
	}
	return !strings.HasPrefix(key, "aws:") && !strings.HasPrefix(key, "ecr:"), false
}

// isMultivalued reports whether a lower-cased global condition key has several
// values.
func isMultivalued(key string) bool {
	switch key {
	case "aws:tagkeys", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths",
		"aws:vpceorgpaths", "aws:calledvia", "aws:principalservicenameslist":
		return true
	}
	return false
}
