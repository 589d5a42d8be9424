package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
)

// unknownPartitions finds registries of a partition that AWS has not, as far as is
// known here: ARNs of other partitions match nothing of them.
func (all registries) unknownPartitions() []iam.Finding {
	known := slices.Collect(iam.Partitions())
	var found []iam.Finding
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if r := all[name]; !slices.Contains(known, r.Partition) {
			found = append(found, iam.Finding{Source: "registries.yaml", Position: r.partitionAt, Code: "unknown-partition", Message: fmt.Sprintf(
				"registry %q is of the unknown partition %q", name, r.Partition)})
		}
	}
	return found
}

// otherPartitions finds policies that name ARNs of ECR or principals in a partition
// of AWS in which the directory has no registry: such an entry matches nothing here.
func (all registries) otherPartitions(policies []*iam.Policy) []iam.Finding {
	own := map[string]bool{}
	for _, r := range all {
		own[r.Partition] = true
	}
	names := strings.Join(slices.Sorted(maps.Keys(own)), ", ")
	var found []iam.Finding
	for _, policy := range policies {
		for _, w := range policy.Partitions() {
			if partition := strings.SplitN(w.Text, ":", 3)[1]; !own[partition] {
				found = append(found, iam.Finding{Source: policy.Source, Position: w.Position, Code: "other-partition", Message: fmt.Sprintf(
					"%q is in partition %q, and the registries in registries.yaml are in %s, so it matches nothing here; fix the ARN, or set partition: %[2]s for its registry", w.Text, partition, names)})
			}
		}
	}
	return found
}
