package router

import (
	"maps"
	"slices"
	"strings"
)

// without is the target after Envoy has removed query parameters from it: by
// their raw names, the rest ordered by name, each with an equals sign. A target
// from which nothing is to be removed stays as it is.
func without(target string, names []string) string {
	path, query, _ := strings.Cut(target, "?")
	if len(names) == 0 {
		return target
	}
	kept := map[string][]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if pair != "" && !slices.Contains(names, name) {
			kept[name] = append(kept[name], name+"="+value)
		}
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		pairs = append(pairs, kept[name]...)
	}
	if len(pairs) == 0 {
		return path
	}
	return path + "?" + strings.Join(pairs, "&")
}
