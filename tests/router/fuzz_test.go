package router

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/mapping"
	"extauthz/tests/stack"
)

// seeds are so many of the generator's requests that the fuzzer starts from.
const seeds = 300

// FuzzRouter compares the mapping with the registry. Headers are lines of a
// name, a colon and a value.
func FuzzRouter(f *testing.F) {
	registry, err := NewRegistry(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	addHostile(f)
	addGenerated(f)
	mapper := Standard()
	f.Fuzz(func(t *testing.T, method, target, headers, body string, framing byte) {
		r := &Request{Method: method, Target: target, Framing: Framing(framing) % framings, Body: body}
		for line := range strings.SplitSeq(headers, "\n") {
			name, value, _ := strings.Cut(line, ":")
			r.Header = append(r.Header, mapping.Header{Name: name, Value: value})
		}
		if c := Compare(mapper, registry, r, true); c.Wrong != "" {
			t.Errorf("%s\n%s", c.Wrong, r)
		}
	})
}

// TestKeptSeeds checks that testdata/fuzz contains its requests: forms
// in every framing, mounts, encoded queries, tags and odd targets.
func TestKeptSeeds(t *testing.T) {
	const least = 38
	kept, err := filepath.Glob(filepath.Join("testdata", "fuzz", "FuzzRouter", "*"))
	if err != nil || len(kept) < least {
		t.Errorf("%d kept seeds (%v), want at least %d", len(kept), err, least)
	}
}

// addHostile starts from the requests that the mapping's own tests keep.
func addHostile(f *testing.F) {
	f.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "mapping", "testdata", "hostile.tsv"))
	if err != nil {
		f.Fatal(err)
	}
	const form = "mount=sha256:69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd&from=secret/app"
	added := 0
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "\t"); len(cells) == 5 {
			f.Add(cells[0], cells[1], strings.ReplaceAll(cells[2], "|", "\n"), form, byte(WithLength))
			added++
		}
	}
	if added < 345 {
		f.Fatalf("%d requests to start from, want at least 345", added)
	}
}

// addGenerated starts from requests of the generator.
func addGenerated(f *testing.F) {
	f.Helper()
	generator, err := NewGenerator(f.Context(), 1)
	if err != nil {
		f.Fatal(err)
	}
	for number := range uint64(seeds) {
		r := generator.Request(number)
		var headers []string
		for _, h := range r.Header {
			headers = append(headers, h.Name+":"+h.Value)
		}
		f.Add(r.Method, r.Target, strings.Join(headers, "\n"), r.Body, byte(r.Framing))
	}
}
