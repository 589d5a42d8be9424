package router

import (
	"maps"
	"slices"
	"strings"
)

// without returns the target after Envoy has removed query parameters from it: it compares
// raw names, and orders the rest by name, each with an equals sign. If nothing is to be
// removed, the target is unchanged.
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
