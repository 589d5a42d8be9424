package router

import (
	"net/url"
	"strings"
)

// query is what the endpoint needs, mostly, with spoiled pairs between.
func (g *Generator) query(e *endpoint) string {
	var pairs []string
	add := func(name, value string) { pairs = append(pairs, name+"="+value) }
	if e.opens && !g.oneIn(4) {
		hidden := g.oneIn(12)
		g.opening(func(name, value string) {
			if hidden {
				name = g.escaped(name)
			}
			add(name, value)
		})
	}
	if e.upload != "" && !g.oneIn(6) {
		add("_state", url.QueryEscape(g.states[e.repository+" "+e.upload]))
		if e.method == "PUT" {
			add("digest", g.encoded(pick(g, digests)))
		}
	}
	if e.puts && g.oneIn(4) {
		add("tag", pick(g, references))
	}
	for g.oneIn(5) {
		add(g.parameter(), g.value())
	}
	g.random.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	for i := range pairs {
		pairs[i] = g.spoil(pairs[i], 12)
	}
	separator := "&"
	if g.oneIn(25) {
		separator = pick(g, []string{";", "&&", "&;", "?", ";&", "%26", "&="})
	}
	return strings.Join(pairs, separator)
}

// opening is a mount, or a digest for an upload in one request.
func (g *Generator) opening(add func(name, value string)) {
	switch g.random.IntN(12) {
	case 0:
		add("digest", g.encoded(pick(g, digests)))
	case 1:
		add("mount", g.encoded(pick(g, digests)))
	case 2:
		add("from", g.encoded(pick(g, repositories)))
	case 3:
		add("mount", g.encoded(pick(g, digests)))
		add("from", g.value())
	case 4:
		add("mount", g.encoded(pick(g, digests)))
		add("from", pick(g, sources))
	case 5:
		add(pick(g, []string{"mount", "digest"}), pick(g, []string{"", g.encoded(pick(g, digests))}))
		add("from", pick(g, [][]string{sources, repositories}[g.random.IntN(2)]))
	default:
		add("mount", g.encoded(pick(g, digests)))
		add("from", g.encoded(pick(g, repositories)))
	}
	if g.oneIn(8) {
		add("from", g.encoded(pick(g, repositories))+pick(g, []string{"", ";", ";x", "%", "%zz"}))
	}
}

// encoded is a value as some client writes it.
func (g *Generator) encoded(value string) string {
	switch g.random.IntN(3) {
	case 0:
		return value
	case 1:
		return url.QueryEscape(value)
	}
	return g.escaped(value)
}

// escaped is a text with one of its bytes escaped.
func (g *Generator) escaped(text string) string {
	at := g.random.IntN(len(text))
	return text[:at] + escape(text[at]) + text[at+1:]
}

// parameter is a name, sometimes one that only some readers know again.
func (g *Generator) parameter() string {
	name := pick(g, parameters)
	switch g.random.IntN(8) {
	case 0:
		return g.encoded(name)
	case 1:
		return strings.ToUpper(name[:1]) + name[1:]
	case 2:
		return g.spoil(name, 2)
	}
	return name
}

// value is of any kind.
func (g *Generator) value() string {
	switch g.random.IntN(5) {
	case 0:
		return g.encoded(pick(g, digests))
	case 1:
		return g.encoded(pick(g, references))
	case 2:
		return g.spoil(g.encoded(pick(g, repositories)), 3)
	case 3:
		return pick(g, values)
	}
	return g.encoded(pick(g, repositories))
}
