package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// unknownPartitions finds registries of a partition that AWS has not, as far as is
// known here: ARNs of other partitions match nothing of them.
func (all registries) unknownPartitions() diag.List {
	known := slices.Collect(iam.Partitions())
	var found diag.List
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if r := all[name]; !slices.Contains(known, r.Partition) {
			found = append(found, diag.Diagnostic{Position: r.PartitionAt, Severity: diag.Warning, Code: "unknown-partition", Problem: fmt.Sprintf(
				"registry %q is of the unknown partition %q", name, r.Partition)})
		}
	}
	return found
}

// otherPartitions finds ARNs in a partition of AWS in which the directory has no
// registry: those of ECR and of callers in policies, which match nothing here, and
// those of users and roles, which no policy of a registry here allows anything. Of each
// file it reports the first ARN of each partition.
func (all registries) otherPartitions(policies []*iam.Policy, entities map[string]diag.Position) diag.List {
	own := map[string]bool{}
	for _, r := range all {
		own[r.Partition] = true
	}
	names := strings.Join(slices.Sorted(maps.Keys(own)), ", ")
	var found diag.List
	report := func(at diag.Position, arn, effect string) {
		if partition := partitionOf(arn); !own[partition] {
			found = append(found, diag.Diagnostic{Position: at, Severity: diag.Warning, Code: "other-partition",
				Problem: fmt.Sprintf("%q is in partition %q, and the registries in registries.yaml are in %s, so it %s here", arn, partition, names, effect),
				Remedy:  fmt.Sprintf("fix the ARN, or set partition: %s for its registry", partition)})
		}
	}
	for _, policy := range policies {
		for _, w := range policy.Partitions() {
			report(policy.Source.At(w.Position), w.Text, "matches nothing")
		}
	}
	for arn, place := range firstOfPartitions(entities) {
		report(place, arn, "has no rights")
	}
	return found
}

// partitionOf returns the partition of an ARN.
func partitionOf(arn string) string { return strings.SplitN(arn, ":", 3)[1] }

// firstOfPartitions returns the first user or role of each partition in each file, by
// ARN.
func firstOfPartitions(entities map[string]diag.Position) map[string]diag.Position {
	type group struct{ file, partition string }
	first := map[group]string{}
	for arn, place := range entities {
		g := group{place.File, partitionOf(arn)}
		if known, found := first[g]; !found || place.Compare(entities[known]) < 0 {
			first[g] = arn
		}
	}
	places := map[string]diag.Position{}
	for _, arn := range first {
		places[arn] = entities[arn]
	}
	return places
}
