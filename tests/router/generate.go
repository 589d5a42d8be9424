package router

import (
	"context"
	"math/rand/v2"
	"strings"

	"extauthz/mapping"
)

// Generator makes requests, each from the seed and its own number, so that one
// alone can be made again. It is not for concurrent use.
type Generator struct {
	seed   uint64
	source rand.PCG
	random *rand.Rand
	states map[string]string // signed state, by repository and upload
}

// NewGenerator is a generator whose uploads every registry of this package
// resumes.
func NewGenerator(ctx context.Context, seed uint64) (*Generator, error) {
	registry, err := NewRegistry(ctx)
	if err != nil {
		return nil, err
	}
	g := &Generator{seed: seed, states: map[string]string{}}
	g.random = rand.New(&g.source)
	for _, repository := range repositories {
		for _, upload := range uploads {
			if g.states[repository+" "+upload], err = registry.State(repository, upload); err != nil {
				return nil, err
			}
		}
	}
	return g, nil
}

// Request is the request of that number.
func (g *Generator) Request(number uint64) *Request {
	g.source.Seed(g.seed, number)
	r := new(Request)
	e := g.endpoint()
	r.Method = e.method
	if g.oneIn(12) {
		r.Method = pick(g, methods)
	}
	r.Target = g.spoil(g.spoil(e.path, 2), 2)
	if query := g.query(&e); query != "" {
		r.Target += "?" + query
	}
	r.Header = g.headers(&e)
	r.Framing = Framing(g.random.IntN(int(framings)))
	if e.puts && g.oneIn(2) {
		r.Framing = WithLength
	}
	if r.Framing != WithoutBody {
		r.Body = g.body(&e)
	}
	return r
}

func (g *Generator) oneIn(n int) bool { return g.random.IntN(n) == 0 }

func pick[T any](g *Generator, from []T) T { return from[g.random.IntN(len(from))] }

// endpoint is a request as it should be, before anything is spoiled.
type endpoint struct {
	method, path       string
	repository, upload string // upload "" unless the path names one
	opens              bool   // an upload
	puts               bool   // a manifest
}

// endpoint is one of all, uploads and their opening more often.
func (g *Generator) endpoint() endpoint {
	repository := pick(g, repositories)
	base := "/v2/" + repository
	e := endpoint{method: pick(g, []string{"GET", "HEAD"}), repository: repository}
	switch g.random.IntN(14) {
	case 0:
		e.path = pick(g, []string{"/v2/", "/v2", "/v2/_catalog"})
	case 1, 2, 3:
		e.method = pick(g, []string{"GET", "HEAD", "PUT", "DELETE"})
		e.path = base + "/manifests/" + pick(g, [][]string{references, digests}[g.random.IntN(2)])
		e.puts = e.method == "PUT"
	case 4, 5:
		e.method = pick(g, []string{"GET", "HEAD", "DELETE"})
		e.path = base + "/blobs/" + pick(g, digests)
	case 6:
		e.path = base + "/tags/list"
	case 7:
		e.path = base + "/referrers/" + pick(g, digests)
	case 8, 9, 10:
		e.method, e.opens = "POST", true
		e.path = base + pick(g, []string{"/blobs/uploads/", "/blobs/uploads/", "/blobs/uploads/", "/blobs/uploads"})
	default:
		e.method = pick(g, []string{"GET", "PATCH", "PUT", "DELETE"})
		e.upload = pick(g, uploads)
		e.path = base + "/blobs/uploads/" + e.upload
	}
	return e
}

// spoil changes a text now and then: escapes a byte, changes its case, doubles
// or drops it, or puts a hostile piece somewhere.
func (g *Generator) spoil(text string, seldom int) string {
	for g.oneIn(seldom) && text != "" {
		at := g.random.IntN(len(text))
		before, c, after := text[:at], text[at:at+1], text[at+1:]
		switch g.random.IntN(6) {
		case 0:
			text = before + escape(c[0]) + after
		case 1:
			text = before + strings.ToUpper(c) + after
		case 2:
			text = before + c + c + after
		case 3:
			text = before + after
		default:
			text = before + pick(g, hostile) + c + after
		}
	}
	return text
}

func escape(c byte) string {
	const hex = "0123456789abcdef"
	return "%" + string([]byte{hex[c>>4], hex[c&15]})
}

// headers are a Content-Type, mostly one that belongs to the endpoint, and
// others now and then.
func (g *Generator) headers(e *endpoint) (all []mapping.Header) {
	add := func(name, value string) { all = append(all, mapping.Header{Name: name, Value: value}) }
	switch {
	case g.oneIn(4):
		add(g.name("Content-Type"), pick(g, contentTypes))
	case e.puts:
		add("Content-Type", "application/vnd.oci.image.manifest.v1+json")
	case e.upload != "" && g.oneIn(2):
		add("Content-Type", "application/octet-stream")
	}
	for g.oneIn(8) {
		add(pick(g, otherHeaders), pick(g, [][]string{values, contentTypes, methods}[g.random.IntN(3)]))
	}
	if g.oneIn(30) {
		add("Content-Type", pick(g, contentTypes))
	}
	return all
}

// name is a header's name in some case.
func (g *Generator) name(name string) string {
	return pick(g, []string{name, name, name, strings.ToLower(name), strings.ToUpper(name), g.spoil(name, 2)})
}
