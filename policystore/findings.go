package policystore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/basic"
)

// findings returns those of all policies and of the configuration, in the order of files
// and lines, each once: a policy with two uses has most of them twice.
func (s *Snapshot) findings(ofEntries diag.List) diag.List {
	all := slices.Concat(s.controls.findings, ofEntries,
		s.registries.idleSources(s.Callers), s.registries.unknownPartitions(), s.registries.otherPartitions(s.policies, s.principals.positions),
		s.registries.uncheckedProxies(), s.registries.missingTags(s.policies), unboundUsers(s.Callers), costlyHashes(s.Callers))
	for _, policy := range s.policies {
		all = append(all, policy.Findings()...)
	}
	return all.Sorted()
}

// unknownPartitions returns a finding for each registry in a partition that is not known to
// be one of AWS: ARNs of other partitions match nothing of them.
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

// otherPartitions returns a finding for ARNs in a partition of AWS in which the directory
// has no registry: those of ECR and of callers in policies, which match nothing here, and
// those of users and roles, which no policy of a registry here allows anything. It reports
// the first ARN of each partition in each file.
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
			report(policy.Source.At(w.At), w.Text, "matches nothing")
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

// idleSources returns a finding for each source of a registry that cannot authenticate any
// caller.
func (all registries) idleSources(callers *identity.Authenticator) diag.List {
	var found diag.List
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		for _, source := range r.Authentication.Sources {
			if missing := callers.Missing(source); missing != "" {
				found = append(found, diag.Diagnostic{Position: r.SourcesAt, Severity: diag.Warning, Code: "idle-source",
					Problem: fmt.Sprintf("registry %q: the source %s cannot authenticate any caller, because principals.yaml has %s", name, source, missing)})
			}
		}
	}
	return found
}

// unboundUsers returns a finding for each user of the password file that maps to no
// principal.
func unboundUsers(callers *identity.Authenticator) diag.List {
	var found diag.List
	for _, user := range callers.UnboundUsers() {
		found = append(found, diag.Diagnostic{Position: diag.File("htpasswd").At(diag.Point{Line: user.Line, Column: 1}), Severity: diag.Warning, Code: "unbound-user",
			Problem: fmt.Sprintf("no principal is bound to user %q, so that its password is useless", user.Name),
			Remedy:  "add a credential with basic to principals.yaml, add the principal that such a credential maps it to, or remove the line"})
	}
	return found
}

// costlyHashes returns a finding for each line of the password file whose hash takes
// longer to verify than the shipped Envoy configurations wait for an answer.
func costlyHashes(callers *identity.Authenticator) diag.List {
	var found diag.List
	for _, user := range callers.Users() {
		if user.Cost > basic.RecommendedMaxCost {
			found = append(found, diag.Diagnostic{Position: diag.File("htpasswd").At(diag.Point{Line: user.Line, Column: 1}), Severity: diag.Warning, Code: "costly-hash",
				Problem: fmt.Sprintf("the bcrypt hash of user %q has cost %d, which a busy machine cannot verify within Envoy's timeout of 0.5 s", user.Name, user.Cost),
				Remedy:  fmt.Sprintf("use a cost of at most %d: make the line again with htpasswd -nB -C %[1]d", basic.RecommendedMaxCost)})
		}
	}
	return found
}
