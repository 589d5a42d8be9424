package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// An actionSet is a set of ECR's known actions. It has a bit for each, in their order.
type actionSet uint64

// actionsWhere returns the set of actions that a condition is true of.
func actionsWhere(is func(action string) bool) (set actionSet) {
	bit := actionSet(1)
	for action := range iam.ECRActions() {
		if is(action) {
			set |= bit
		}
		bit <<= 1
	}
	return set
}

// setOf returns the set of actions with these names, which have no prefix.
func setOf(names ...string) actionSet {
	return actionsWhere(func(action string) bool { return slices.Contains(names, strings.TrimPrefix(action, "ecr:")) })
}

// coveredBy returns the set of actions that a statement covers.
func coveredBy(s *iam.Statement) actionSet { return actionsWhere(s.Covers) }

// has reports whether the set contains all of other, which is not empty.
func (s actionSet) has(other actionSet) bool { return other != 0 && s&other == other }

// names returns the actions with their prefix.
func (s actionSet) names() (names []string) {
	for action := range iam.ECRActions() {
		if s&1 != 0 {
			names = append(names, action)
		}
		s >>= 1
	}
	return names
}

// first returns the first of the actions with its prefix, "" if the set is empty.
func (s actionSet) first() string {
	for _, name := range s.names() {
		return name
	}
	return ""
}

// The sets that rules use.
var (
	// reads and writes are the actions that registry requests need on repositories.
	reads  = setOf("BatchCheckLayerAvailability", "BatchGetImage", "DescribeRepositories", "GetDownloadUrlForLayer", "ListImages")
	writes = setOf("BatchDeleteImage", "BatchImportUpstreamImage", "CompleteLayerUpload", "CreateRepository",
		"InitiateLayerUpload", "PutImage", "UploadLayerPart")
	requested = reads | writes

	onRepositories = actionsWhere(func(action string) bool { return !iam.IsResourceless(action) })
	getToken       = setOf("GetAuthorizationToken")

	// The steps of a pull and a push, and what creating a repository needs.
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
