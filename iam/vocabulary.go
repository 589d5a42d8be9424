package iam

import (
	"iter"
	"regexp"
	"strings"
)

// ECRActions returns the known actions of Amazon ECR with their prefix (Service
// Authorization Reference for Amazon ECR). AWS adds actions, so that a policy may contain
// others. Not every operation of the API is an action: ListImageReferrers is authorized as
// BatchGetImage.
func ECRActions() iter.Seq[string] {
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

// IsResourceless reports whether an action of ECR has no resource type: it is
// about a registry, and only the resource "*" covers it (Service Authorization
// Reference for Amazon ECR).
func IsResourceless(action string) bool {
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

// Partitions returns the known partitions of AWS. AWS adds partitions, so that a policy may
// contain others.
func Partitions() iter.Seq[string] {
	return strings.FieldsSeq("aws aws-cn aws-us-gov aws-eusc aws-iso aws-iso-b aws-iso-e aws-iso-f")
}

// IsPartition reports whether the partition of an ARN, which may have wildcards, matches a
// known one.
func IsPartition(text string) bool {
	p, err := syntax{wildcards: true}.pattern(text)
	if err != nil {
		return false
	}
	for partition := range Partitions() {
		if p.match(partition, nil) {
			return true
		}
	}
	return false
}

// regionsOf is the form of the names of a partition's regions (AWS General Reference,
// "Partitions"; the partitions metadata of the AWS SDKs).
var regionsOf = map[string]*regexp.Regexp{
	"aws":        regexp.MustCompile(`^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]+$`),
	"aws-cn":     regexp.MustCompile(`^cn-[a-z]+-[0-9]+$`),
	"aws-us-gov": regexp.MustCompile(`^us-gov-[a-z]+-[0-9]+$`),
	"aws-eusc":   regexp.MustCompile(`^eusc-[a-z]+-[a-z]+-[0-9]+$`),
	"aws-iso":    regexp.MustCompile(`^us-iso-[a-z]+-[0-9]+$`),
	"aws-iso-b":  regexp.MustCompile(`^us-isob-[a-z]+-[0-9]+$`),
	"aws-iso-e":  regexp.MustCompile(`^eu-isoe-[a-z]+-[0-9]+$`),
	"aws-iso-f":  regexp.MustCompile(`^(us|eu)-isof-[a-z]+-[0-9]+$`),
}

// PartitionOf returns the partition that a region of AWS is in, and false for a name
// that is not known to be one of AWS's regions.
func PartitionOf(region string) (partition string, known bool) {
	for partition, form := range regionsOf {
		if form.MatchString(region) {
			return partition, true
		}
	}
	return "", false
}
