package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// An actionSet is a set of ECR's known actions, a bit for each in their order.
type actionSet uint64

// setOf is the set of actions that are given without their prefix.
func setOf(names ...string) (set actionSet) {
	bit := actionSet(1)
	for action := range iam.ECRActions() {
		if slices.Contains(names, strings.TrimPrefix(action, "ecr:")) {
			set |= bit
		}
		bit <<= 1
	}
	return set
}

// coveredBy is the set of actions that a statement covers.
func coveredBy(s *iam.Statement) (set actionSet) {
	bit := actionSet(1)
	for action := range iam.ECRActions() {
		if s.Covers(action) {
			set |= bit
		}
		bit <<= 1
	}
	return set
}

// has tells whether all of other are in the set.
func (s actionSet) has(other actionSet) bool { return other != 0 && s&other == other }

// name is the first of the actions with its prefix, "" where there is none.
func (s actionSet) name() string {
	for action := range iam.ECRActions() {
		if s&1 != 0 {
			return action
		}
		s >>= 1
	}
	return ""
}

// names lists the actions with their prefix.
func (s actionSet) names() (names []string) {
	for action := range iam.ECRActions() {
		if s&1 != 0 {
			names = append(names, action)
		}
		s >>= 1
	}
	return names
}

// The sets that rules ask for.
var (
	// reads and writes are what registry requests ask of repositories.
	reads  = setOf("BatchCheckLayerAvailability", "BatchGetImage", "DescribeRepositories", "GetDownloadUrlForLayer", "ListImages")
	writes = setOf("BatchDeleteImage", "BatchImportUpstreamImage", "CompleteLayerUpload", "CreateRepository",
		"InitiateLayerUpload", "PutImage", "UploadLayerPart")
	asked = reads | writes

	ofRepositories = takingRepositories() // all that take a repository as resource
	login          = setOf("GetAuthorizationToken")

	// The steps of a pull and a push, and what creating a repository takes.
	getManifest      = setOf("BatchGetImage")
	getLayer         = setOf("GetDownloadUrlForLayer")
	checkLayer       = setOf("BatchCheckLayerAvailability")
	startUpload      = setOf("InitiateLayerUpload")
	uploadPart       = setOf("UploadLayerPart")
	completeUpload   = setOf("CompleteLayerUpload")
	putManifest      = setOf("PutImage")
	createRepository = setOf("CreateRepository")
	tagResource      = setOf("TagResource")
)

func takingRepositories() (set actionSet) {
	bit := actionSet(1)
	for action := range iam.ECRActions() {
		if !iam.IsResourceless(action) {
			set |= bit
		}
		bit <<= 1
	}
	return set
}
