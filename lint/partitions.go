package lint

import (
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// partitions checks the partitions of registries and ARNs.
func (c *configLinter) partitions() {
	c.unknownPartitions()
	c.otherPartitions()
}

// unknownPartitions finds registries in a partition that is not known to be one of AWS:
// ARNs of other partitions match nothing of them.
func (c *configLinter) unknownPartitions() {
	known := slices.Collect(iam.Partitions())
	for _, r := range c.registries {
		if !slices.Contains(known, r.Partition) {
			c.report(r.PartitionAt, "unknown-partition", messagef("registry %q is of the unknown partition %q", r.Name, r.Partition), message{})
		}
	}
}

// otherPartitions finds ARNs in a partition of AWS in which the directory has no registry:
// those of ECR and of callers in policies, which match nothing here, and those of users and
// roles, which no policy of a registry here allows anything. It reports the first ARN of
// each partition in each file.
func (c *configLinter) otherPartitions() {
	own := map[string]bool{}
	for _, r := range c.registries {
		own[r.Partition] = true
	}
	names := strings.Join(slices.Sorted(maps.Keys(own)), ", ")
	check := func(at diag.Position, arn, effect string) {
		if partition := partitionOf(arn); !own[partition] {
			c.report(at, "other-partition",
				messagef("%q is in partition %q, and the registries in registries.yaml are in %s, so it %s here", arn, partition, names, effect),
				messagef("fix the ARN, or set partition: %s for its registry", partition))
		}
	}
	for _, policy := range c.contents.Policies {
		for _, arn := range policy.Partitions() {
			check(policy.Source.At(arn.At), arn.Text, "matches nothing")
		}
	}
	for _, p := range c.firstOfPartitions() {
		check(p.Position, p.ARN, "has no rights")
	}
}

// partitionOf returns the partition of an ARN.
func partitionOf(arn string) string { return strings.SplitN(arn, ":", 3)[1] }

// firstOfPartitions returns the first user or role of each partition in each file.
func (c *configLinter) firstOfPartitions() []principal {
	type group struct{ file, partition string }
	first := map[group]principal{}
	for _, p := range c.contents.Principals {
		g := group{p.File, partitionOf(p.ARN)}
		if known, found := first[g]; !found || p.Position.Compare(known.Position) < 0 {
			first[g] = p
		}
	}
	return slices.Collect(maps.Values(first))
}
