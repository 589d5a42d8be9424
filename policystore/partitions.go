package policystore

import (
	"fmt"
	"maps"
	"slices"

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
