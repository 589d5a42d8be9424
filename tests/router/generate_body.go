package router

import (
	"fmt"
	"net/url"
	"strings"
)

// body returns a body for the endpoint, or a form that requests another operation.
func (g *Generator) body(e *endpoint) string {
	switch {
	case e.puts && !g.oneIn(4):
		return manifest
	case g.oneIn(5):
		return ""
	case g.oneIn(3):
		return g.form(e).Encode()
	case g.oneIn(3):
		return multipart(g.form(e))
	}
	return pick(g, []string{"x", "the bytes of a layer", "&", "mount", "{}"})
}

// form fills in whatever a registry might read from a form.
func (g *Generator) form(e *endpoint) url.Values {
	form := url.Values{"digest": {pick(g, digests)}}
	if !g.oneIn(3) {
		form.Set("mount", pick(g, digests))
	}
	if !g.oneIn(3) {
		form.Set("from", pick(g, repositories))
	}
	if e.puts {
		form.Set("tag", pick(g, references))
	}
	if e.upload != "" {
		form.Set("_state", g.states[pick(g, repositories)+" "+e.upload])
	}
	return form
}

// multipart writes a form with the boundary B.
func multipart(form url.Values) string {
	var b strings.Builder
	for name, values := range form {
		fmt.Fprintf(&b, "--B\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, values[0])
	}
	return b.String() + "--B--\r\n"
}
