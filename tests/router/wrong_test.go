package router

import (
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"extauthz/mapping"
)

// before returns a mapping that changes the request first.
func before(change func(*mapping.HTTPRequest)) Mapper {
	mapper := Standard()
	return func(r *mapping.HTTPRequest) (mapping.Mapping, *mapping.Refusal) {
		changed := *r
		change(&changed)
		return mapper(&changed)
	}
}

// after is the mapping with its result changed.
func after(change func(*mapping.HTTPRequest, *mapping.Mapping)) Mapper {
	return changed(Standard(), change)
}

// changed is a mapping with its result changed.
func changed(mapper Mapper, change func(*mapping.HTTPRequest, *mapping.Mapping)) Mapper {
	return func(r *mapping.HTTPRequest) (mapping.Mapping, *mapping.Refusal) {
		m, refusal := mapper(r)
		if refusal == nil {
			change(r, &m)
		}
		return m, refusal
	}
}

// withoutAction removes one action from what is required.
func withoutAction(action string) Mapper {
	return after(func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		m.Permissions = slices.DeleteFunc(m.Permissions, func(p mapping.Permission) bool { return p.Action == action })
	})
}

// query changes the query and leaves the path.
func query(change func(string) string) Mapper {
	return before(func(r *mapping.HTTPRequest) {
		if path, query, found := strings.Cut(r.Path, "?"); found {
			r.Path = path + "?" + change(query)
		}
	})
}

// wrongMappings are mistakes that a mapping could make, each of which lets
// callers do what no permission allows.
var wrongMappings = []struct {
	name   string
	mapper Mapper
}{
	{"requires nothing on the source of a mount", after(func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		m.Permissions = required(m.Permissions)
	})},
	{"the source of a mount decides nothing", after(func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		if m.Operation == mapping.MountBlob { // what is optional without being removed
			m.Operation = mapping.StartUpload
		}
	})},
	{"a source that ECR does not allow stays in the query", changed(ECRNames(), func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		m.RemoveQueryParameters = nil
	})},
	{"the last of two sources counts", query(func(q string) string {
		pairs := strings.Split(q, "&")
		for i, pair := range pairs {
			if strings.HasPrefix(pair, "from=") && slices.ContainsFunc(pairs[i+1:], func(p string) bool { return strings.HasPrefix(p, "from=") }) {
				pairs[i] = ""
			}
		}
		return strings.Join(slices.DeleteFunc(pairs, func(p string) bool { return p == "" }), "&")
	})},
	{"a semicolon separates, and the first source counts", query(func(q string) string {
		pairs := strings.FieldsFunc(q, func(c rune) bool { return c == '&' || c == ';' })
		seen := map[string]bool{}
		return strings.Join(slices.DeleteFunc(pairs, func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			again := seen[name]
			seen[name] = true
			return again
		}), "&")
	})},
	{"encoded names are decoded", query(func(q string) string {
		pairs := strings.Split(q, "&")
		for i, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			if decoded, err := url.QueryUnescape(name); err == nil {
				pairs[i] = decoded + "=" + value
			}
		}
		return strings.Join(pairs, "&")
	})},
	{"form bodies are not thought of", before(func(r *mapping.HTTPRequest) {
		r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h mapping.Header) bool { return h.Name == "content-type" })
	})},
	{"content types beyond ASCII are not thought of", before(func(r *mapping.HTTPRequest) {
		r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h mapping.Header) bool {
			return h.Name == "content-type" && strings.ContainsFunc(h.Value, func(c rune) bool { return c > '~' })
		})
	})},
	{"every body is empty", after(func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		if m.Operation == mapping.CompleteUpload {
			m.Permissions = m.Permissions[len(m.Permissions)-1:]
		}
	})},
	{"a name ends at its first keyword", after(func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		name, _, _ := strings.Cut(m.Repository, "/manifests")
		m.Permissions = slices.Clone(m.Permissions)
		for i, p := range m.Permissions {
			if p.Repository == m.Repository && name != "" {
				m.Permissions[i].Repository, m.Permissions[i].Resource = name, registryARN+name
			}
		}
	})},
	{"reading a blob counts as asking for it", before(func(r *mapping.HTTPRequest) {
		if r.Method == "GET" && strings.Contains(r.Path, "/blobs/sha") {
			r.Method = "HEAD"
		}
	})},
	{"the tag is reported without its case", after(func(_ *mapping.HTTPRequest, m *mapping.Mapping) {
		m.Reference = strings.ToLower(m.Reference)
	})},
	{"requires nothing for deleting", withoutAction("ecr:BatchDeleteImage")},
	{"requires nothing for putting", withoutAction("ecr:PutImage")},
	{"requires nothing for opening an upload", withoutAction("ecr:InitiateLayerUpload")},
	{"requires nothing for listing tags", withoutAction("ecr:ListImages")},
	{"requires nothing for the catalog", withoutAction("ecr:DescribeRepositories")},
}

// TestWrongMappingsAreFound checks that every mistake is found, because a comparison that
// finds nothing in the mapping would show nothing.
func TestWrongMappingsAreFound(t *testing.T) {
	for _, wrong := range wrongMappings {
		t.Run(wrong.name, func(t *testing.T) {
			s, err := Run(t.Context(), wrong.mapper, Inputs{Seed: 1, Count: 60_000, Refused: 1 << 40, Enough: 1}, runtime.GOMAXPROCS(0))
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Disagreements) == 0 {
				t.Errorf("no disagreement in %d requests", s.Requests)
			}
			t.Logf("%d requests, %d disagreements, such as:\n%s", s.Requests, len(s.Disagreements), slices.Concat(s.Disagreements, []string{""})[0])
		})
	}
}
