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
			found = append(found, iam.Finding{Source: "registries.yaml", Position: iam.Position(r.PartitionAt.Point), Code: "unknown-partition", Message: fmt.Sprintf(
				"registry %q is of the unknown partition %q", name, r.Partition)})
		}
	}
	return found
}

// otherPartitions finds ARNs in a partition of AWS in which the directory has no
// registry: those of ECR and of callers in policies, which match nothing here, and
// those of users and roles, which no policy of a registry here allows anything. Of each
// file it reports the first ARN of each partition.
func (all registries) otherPartitions(policies []*iam.Policy, entities map[string]Place) []iam.Finding {
	own := map[string]bool{}
	for _, r := range all {
		own[r.Partition] = true
	}
	names := strings.Join(slices.Sorted(maps.Keys(own)), ", ")
	var found []iam.Finding
	report := func(source string, at iam.Position, arn, effect string) {
		if partition := partitionOf(arn); !own[partition] {
			found = append(found, iam.Finding{Source: source, Position: at, Code: "other-partition", Message: fmt.Sprintf(
				"%q is in partition %q, and the registries in registries.yaml are in %s, so it %s here; fix the ARN, or set partition: %[2]s for its registry", arn, partition, names, effect)})
		}
	}
	for _, policy := range policies {
		for _, w := range policy.Partitions() {
			report(policy.Source, w.Position, w.Text, "matches nothing")
		}
	}
	for arn, place := range firstOfPartitions(entities) {
		report(place.Source, place.Position, arn, "has no rights")
	}
	return found
}

// partitionOf returns the partition of an ARN.
func partitionOf(arn string) string { return strings.SplitN(arn, ":", 3)[1] }

// firstOfPartitions returns the first user or role of each partition in each file, by
// ARN.
func firstOfPartitions(entities map[string]Place) map[string]Place {
	type group struct{ source, partition string }
	first := map[group]string{}
	for arn, place := range entities {
		g := group{place.Source, partitionOf(arn)}
		if known, found := first[g]; !found || place.before(entities[known]) {
			first[g] = arn
		}
	}
	places := map[string]Place{}
	for _, arn := range first {
		places[arn] = entities[arn]
	}
	return places
}

// before reports whether a place is before another one of the same file.
func (p Place) before(other Place) bool {
	return p.Line < other.Line || p.Line == other.Line && p.Column < other.Column
}
