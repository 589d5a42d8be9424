package iam

import (
	"iter"
	"strings"
)

// extensionPrefix is the prefix of condition keys that AWS does not have.
const extensionPrefix = "oci:"

// describeKey says whether a lower-cased condition key is one that a registry
// request or its authorization can carry, and whether it is multivalued.
// Sources: Service Authorization Reference for Amazon ECR; IAM User Guide,
// "AWS global condition context keys".
func describeKey(key string) (known, multivalued bool) {
	for _, prefix := range [...]string{"aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "ecr:resourcetag/", "iam:resourcetag/"} {
		if tag, found := strings.CutPrefix(key, prefix); found {
			return tag != "", false
		}
	}
	switch key {
	case "aws:tagkeys", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths",
		"aws:calledvia", "aws:principalservicenameslist":
		return true, true
	case "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn",
		"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
		"aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:useragent", "aws:referer",
		"aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalorgid",
		"aws:principalisawsservice", "aws:principalservicename", "aws:userid", "aws:username",
		"aws:federatedprovider", "aws:sourceidentity", "aws:tokenissuetime",
		"aws:multifactorauthpresent", "aws:multifactorauthage", "aws:assumedroot", "aws:chatbotsourcearn",
		"aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4",
		"aws:resourceaccount", "aws:resourceorgid", "aws:requestedregion", "aws:ismcpserviceaction",
		"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:viaawsservice",
		"aws:calledviafirst", "aws:calledvialast", "ecr:accountsetting":
		return true, key == "aws:vpceorgpaths"
	}
	return !strings.HasPrefix(key, "aws:") && !strings.HasPrefix(key, "ecr:"), false
}

// ecrActions are the actions of the Service Authorization Reference for
// Amazon ECR. AWS adds actions, so that one missing here is a finding and no
// error; and not every operation of the API is an action: ListImageReferrers
// is authorized as BatchGetImage.
func ecrActions() iter.Seq[string] {
	return strings.FieldsSeq(`
		ecr:BatchCheckLayerAvailability ecr:BatchDeleteImage ecr:BatchGetImage
		ecr:BatchGetRepositoryScanningConfiguration ecr:BatchImportUpstreamImage
		ecr:CompleteLayerUpload ecr:CreatePullThroughCacheRule ecr:CreateRepository
		ecr:CreateRepositoryCreationTemplate ecr:DeleteLifecyclePolicy
		ecr:DeletePullThroughCacheRule ecr:DeleteRegistryPolicy ecr:DeleteRepository
		ecr:DeleteRepositoryCreationTemplate ecr:DeleteRepositoryPolicy
		ecr:DeleteSigningConfiguration ecr:DeregisterPullTimeUpdateExclusion
		ecr:DescribeImageReplicationStatus ecr:DescribeImageScanFindings
		ecr:DescribeImageSigningStatus ecr:DescribeImages
		ecr:DescribePullThroughCacheRules ecr:DescribeRegistry ecr:DescribeRepositories
		ecr:DescribeRepositoryCreationTemplates ecr:GetAccountSetting
		ecr:GetAuthorizationToken ecr:GetDownloadUrlForLayer ecr:GetImageCopyStatus
		ecr:GetLifecyclePolicy ecr:GetLifecyclePolicyPreview ecr:GetRegistryPolicy
		ecr:GetRegistryScanningConfiguration ecr:GetRepositoryPolicy
		ecr:GetSigningConfiguration ecr:InitiateLayerUpload ecr:ListImages
		ecr:ListPullTimeUpdateExclusions ecr:ListTagsForResource ecr:PutAccountSetting
		ecr:PutImage ecr:PutImageScanningConfiguration ecr:PutImageTagMutability
		ecr:PutLifecyclePolicy ecr:PutRegistryPolicy ecr:PutRegistryScanningConfiguration
		ecr:PutReplicationConfiguration ecr:PutSigningConfiguration
		ecr:RegisterPullTimeUpdateExclusion ecr:ReplicateImage ecr:SetRepositoryPolicy
		ecr:StartImageScan ecr:StartLifecyclePolicyPreview ecr:TagResource
		ecr:UntagResource ecr:UpdateImageStorageClass ecr:UpdatePullThroughCacheRule
		ecr:UpdateRepositoryCreationTemplate ecr:UploadLayerPart
		ecr:ValidatePullThroughCacheRule`)
}

// isResourceless reports whether an action of ECR has no resource type: it is
// about a registry, and only the resource "*" covers it (Service Authorization
// Reference for Amazon ECR).
func isResourceless(action string) bool {
	if prefixIgnoringCase(action, "ecr:") < 0 {
		return false
	}
	for _, name := range [...]string{
		"CreatePullThroughCacheRule", "CreateRepositoryCreationTemplate", "DeletePullThroughCacheRule",
		"DeleteRegistryPolicy", "DeleteRepositoryCreationTemplate", "DeleteSigningConfiguration",
		"DeregisterPullTimeUpdateExclusion", "DescribePullThroughCacheRules", "DescribeRegistry",
		"DescribeRepositoryCreationTemplates", "GetAccountSetting", "GetAuthorizationToken",
		"GetRegistryPolicy", "GetRegistryScanningConfiguration", "GetSigningConfiguration",
		"ListPullTimeUpdateExclusions", "PutAccountSetting", "PutRegistryPolicy",
		"PutRegistryScanningConfiguration", "PutReplicationConfiguration", "PutSigningConfiguration",
		"RegisterPullTimeUpdateExclusion", "UpdatePullThroughCacheRule",
		"UpdateRepositoryCreationTemplate", "ValidatePullThroughCacheRule",
	} {
		if equalIgnoringCase(action[len("ecr:"):], name) {
			return true
		}
	}
	return false
}

// Partitions are the known ones of AWS. AWS adds partitions, so that one missing here
// is a finding in a policy and no error.
func Partitions() iter.Seq[string] {
	return strings.FieldsSeq("aws aws-cn aws-us-gov aws-eusc aws-iso aws-iso-b aws-iso-e aws-iso-f")
}
