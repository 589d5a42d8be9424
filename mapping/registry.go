package mapping

import (
	"fmt"
	"slices"

	"extauthz/iam"
)

// Registry is one registry as ECR would see it. The zero Registry refuses every
// request.
type Registry struct {
	Partition string // of ARNs: aws, aws-cn, aws-us-gov, …
	Region    string // such as eu-central-1
	Account   string // twelve digits: the account that owns every repository

	// DeleteBlobs says that the registry deletes single blobs. ECR has no such
	// request: without the switch it is refused, with it asks BatchDeleteImage.
	DeleteBlobs bool

	// PullThrough holds the prefixes of pull-through cache rules, without a
	// final slash: "docker-hub" covers docker-hub/library/alpine. "ROOT" covers
	// every repository, as in ECR.
	PullThrough []string

	// Exists asks the inventory whether a repository is there; nil says that
	// there is no inventory, and every repository counts as existing.
	Exists func(repository string) bool

	// AssumeMissing says that every repository counts as missing, so that
	// whatever could make one appear asks CreateRepository too. Exists is not
	// asked then.
	AssumeMissing bool

	// ECRNames holds repository names to ECR's own rules, 2 to 256 characters
	// with single separators, instead of those of the OCI specification, whose
	// names have at most 255.
	ECRNames bool
}

// rootPrefix is the prefix of ECR's pull-through cache rule for a whole
// registry.
const rootPrefix = "ROOT"

// Validate says what is wrong with a registry's settings, or nil: its partition,
// region and account must be able to stand in an ARN without being taken for a
// pattern, and a pull-through prefix must be able to begin a repository's name.
func (g *Registry) Validate() error {
	if !consistsOf(g.Partition, isARNPart) {
		return fmt.Errorf("partition %q: want a name of lower-case letters, digits and hyphens, such as aws", g.Partition)
	}
	if !consistsOf(g.Region, isARNPart) {
		return fmt.Errorf("region %q: want a name of lower-case letters, digits and hyphens, such as eu-central-1", g.Region)
	}
	if err := g.CheckRegion(); err != nil {
		return err
	}
	if len(g.Account) != 12 || !consistsOf(g.Account, isDigit) {
		return fmt.Errorf("account %q: want twelve digits", g.Account)
	}
	_, err := g.CheckPullThrough()
	return err
}

// CheckRegion returns an error if the region is one of AWS's in another partition than
// the registry's: policies for the real registry would match nothing of this one. A
// region that AWS does not have may be in any partition.
func (g *Registry) CheckRegion() error {
	partition, known := iam.PartitionOf(g.Region)
	if known && partition != g.Partition && consistsOf(g.Partition, isARNPart) {
		return fmt.Errorf("region %q is in partition %q, not in %q; set the partition to %s, or fix the region", g.Region, partition, g.Partition, partition)
	}
	return nil
}

// CheckPullThrough says which of the pull-through prefixes is wrong first, and
// what is wrong with it; the error is nil where all are right.
func (g *Registry) CheckPullThrough() (which int, err error) {
	for i, prefix := range g.PullThrough {
		if prefix != rootPrefix && !validName(prefix, g.ECRNames) {
			return i, fmt.Errorf("pull-through prefix %q: want the beginning of a repository name without a final slash, or ROOT", prefix)
		}
		if slices.Contains(g.PullThrough[:i], prefix) {
			return i, fmt.Errorf("pull-through prefix %q is there twice; keep one", prefix)
		}
	}
	return 0, nil
}

func isARNPart(c byte) bool { return isLowerAlphanumeric(c) || c == '-' }
