package mapping

import (
	"cmp"
	"fmt"
	"slices"

	"extauthz/diag"
	"extauthz/iam"
)

// Settings are the settings of one registry that determine the mapping. The zero Settings refuses every request.
type Settings struct {
	Partition string // of ARNs: aws, aws-cn, aws-us-gov, …
	Region    string // such as eu-central-1
	Account   string // twelve digits: the account that owns every repository

	// DeleteBlobs allows requests that delete single blobs, which then need
	// BatchDeleteImage. ECR does not have such a request. If DeleteBlobs is false, it
	// is refused.
	DeleteBlobs bool

	// PullThrough contains the prefixes of pull-through cache rules, without a final
	// slash: "docker-hub" covers docker-hub/library/alpine. "ROOT" covers every
	// repository, as in ECR.
	PullThrough []string

	// Exists reports whether the inventory contains a repository. If it is nil, no
	// inventory exists, and every repository counts as existing.
	Exists func(repository string) bool

	// AssumeMissing makes every repository count as missing, so that every request that
	// could create one needs CreateRepository too. Exists is then not called.
	AssumeMissing bool

	// ECRNames requires repository names that ECR allows, with 2 to 256 characters and
	// single separators. Otherwise the OCI specification's rules apply, with at most
	// 255 characters.
	ECRNames bool
}

// rootPrefix is the prefix of ECR's pull-through cache rule for a whole registry.
const rootPrefix = "ROOT"

// Validate returns an error if a setting is invalid. A pull-through prefix must be valid at
// the beginning of a repository's name.
func (g *Settings) Validate() error {
	_, err := g.CheckPullThrough()
	return cmp.Or(g.CheckPartition(), g.CheckRegion(), g.CheckAccount(), err)
}

// CheckPartition returns an error if the partition is not valid in an ARN.
func (g *Settings) CheckPartition() error {
	if !inARN.matches(g.Partition) {
		return diag.Problemf("partition %q is not valid", g.Partition).WithRemedy("write lower-case letters, digits and hyphens, such as aws")
	}
	return nil
}

// CheckRegion returns an error if the region is not valid in an ARN, or is one of AWS's in
// a partition other than the registry's: policies for the real registry would match nothing
// of this one. A region that AWS does not have may be in any partition.
func (g *Settings) CheckRegion() error {
	if !inARN.matches(g.Region) {
		return diag.Problemf("region %q is not valid", g.Region).WithRemedy("write lower-case letters, digits and hyphens, such as eu-central-1")
	}
	partition, known := iam.PartitionOf(g.Region)
	if known && partition != g.Partition && inARN.matches(g.Partition) {
		return diag.Problemf("region %q is in partition %q, not in %q", g.Region, partition, g.Partition).WithRemedy(fmt.Sprintf("set the partition to %s, or fix the region", partition))
	}
	return nil
}

// CheckAccount returns an error if the account does not consist of twelve digits.
func (g *Settings) CheckAccount() error {
	if !iam.IsAccount(g.Account) {
		return diag.Problemf("account %q is not valid", g.Account).WithRemedy("write twelve digits")
	}
	return nil
}

// CheckPullThrough returns the index of the first invalid pull-through prefix and what is
// wrong with it. The error is nil if all are valid.
func (g *Settings) CheckPullThrough() (index int, err error) {
	for i, prefix := range g.PullThrough {
		if prefix != rootPrefix && !validName(prefix, g.ECRNames) {
			return i, diag.Problemf("pull-through prefix %q is not valid", prefix).WithRemedy("write the beginning of a repository name without a final slash, or ROOT")
		}
		if slices.Contains(g.PullThrough[:i], prefix) {
			return i, diag.Problemf("pull-through prefix %q is listed twice", prefix).WithRemedy("remove one")
		}
	}
	return 0, nil
}
