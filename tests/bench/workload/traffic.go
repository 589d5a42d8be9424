package workload

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// An operation is one request of a registry client.
type operation struct {
	weight int // in a thousand
	push   bool
	method string
	path   string // %s is the repository's name, $ a digest, and ~ an upload
	accept bool   // sends the media types of manifests
	body   string // the media type of the request's body, if it has one
}

// operations are what clients send, in the proportions of a registry that is mostly pulled
// from: nine of ten requests belong to pulls. A pull reads the manifest of a tag, the one
// of a platform, a configuration and a few layers.
var operations = [...]operation{
	{weight: 40, method: "GET", path: "/v2/"},
	{weight: 140, method: "HEAD", path: "/v2/%s/manifests/v1.2.3", accept: true},
	{weight: 240, method: "GET", path: "/v2/%s/manifests/sha256:$", accept: true},
	{weight: 460, method: "GET", path: "/v2/%s/blobs/sha256:$"},
	{weight: 10, method: "GET", path: "/v2/%s/tags/list?n=1000"},
	{weight: 10, method: "GET", path: "/v2/%s/referrers/sha256:$"},
	{weight: 40, push: true, method: "HEAD", path: "/v2/%s/blobs/sha256:$"},
	{weight: 17, push: true, method: "POST", path: "/v2/%s/blobs/uploads/"},
	{weight: 3, push: true, method: "POST", path: "/v2/%s/blobs/uploads/?from=%s&mount=sha256%%3A$"},
	{weight: 15, push: true, method: "PATCH", path: "/v2/%s/blobs/uploads/~?_state=bGF5ZXI", body: "application/octet-stream"},
	{weight: 15, push: true, method: "PUT", path: "/v2/%s/blobs/uploads/~?_state=bGF5ZXI&digest=sha256%%3A$"},
	{weight: 10, push: true, method: "PUT", path: "/v2/%s/manifests/v1.2.3", body: "application/vnd.oci.image.manifest.v1+json"},
}

// chooseOperation returns an operation by its weight.
func chooseOperation(r *rand.Rand) operation {
	total := 0
	for _, o := range operations {
		total += o.weight
	}
	n := r.IntN(total)
	for _, o := range operations {
		if n -= o.weight; n < 0 {
			return o
		}
	}
	panic("unreachable")
}

// target returns the path and query of an operation on a repository.
func (o *operation) target(r *rand.Rand, repository string) string {
	path := strings.ReplaceAll(o.path, "%s", repository)
	path = strings.ReplaceAll(path, "%%", "%")
	path = strings.ReplaceAll(path, "$", hexDigits(r, 64))
	return strings.ReplaceAll(path, "~", fmt.Sprintf("%s-%s-4%s-8%s-%s", hexDigits(r, 8), hexDigits(r, 4), hexDigits(r, 3), hexDigits(r, 3), hexDigits(r, 12)))
}

func hexDigits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return string(b)
}

// skew is the exponent of Zipf's law: how much more often the first repositories are used.
const skew = 1.1

// ranks returns a function that returns numbers below n by Zipf's law. The most frequent is 0.
func ranks(r *rand.Rand, n int) func() int {
	zipf := rand.NewZipf(r, skew, 1, uint64(n-1))
	return func() int { return int(zipf.Uint64()) }
}

// A Traffic describes the checks of a benchmark.
type Traffic struct {
	Policies   *Policies
	Callers    *Callers
	Credential Credential
	Seed       uint64
	Checks     int // how many checks to make; they are sent repeatedly

	// Hot has every check come from the first team for its first repository, about which the
	// shapes that are not spread have most of their statements.
	Hot bool
}

// deniedEvery is how many checks there are for each that the policies deny.
const deniedEvery = 50

// Generate returns the checks.
func (t *Traffic) Generate() ([]Check, error) {
	r := rand.New(rand.NewPCG(t.Seed, 0))
	repository := ranks(r, t.Policies.Repositories)
	checks := make([]Check, t.Checks)
	for i := range checks {
		var err error
		if checks[i], err = encode(t.request(r, repository, i)); err != nil {
			return nil, err
		}
	}
	return checks, nil
}

// request returns the i-th request: one of a team for its own repository, or one that the
// policies deny.
func (t *Traffic) request(r *rand.Rand, repository func() int, i int) request {
	teams := callerTeamsOf(t.Credential, t.Policies)
	chosen := repository()
	for chosen%t.Policies.Teams >= teams {
		chosen = repository()
	}
	if t.Hot {
		chosen = 0
	}
	team := chosen % t.Policies.Teams
	q := t.about(r, chosen)
	if i%deniedEvery == deniedEvery-1 && teams > 2 && !t.Hot && q.repository >= 0 {
		q.allowed, team = false, (team+2)%teams // both policies deny: a repository's admits only the next team
	}
	q.caller = t.Callers.caller(t.Credential, team, r.IntN(workloadsOfTeam))
	return q
}

// about returns an allowed request for a repository, without its caller.
func (t *Traffic) about(r *rand.Rand, repository int) request {
	o := chooseOperation(r)
	q := request{
		operation: o, repository: repository,
		target:  o.target(r, t.Policies.Repository(repository)),
		client:  clients[r.IntN(len(clients))],
		address: fmt.Sprintf("10.%d.%d.%d", 100+r.IntN(100), 100+r.IntN(100), 100+r.IntN(100)),
		allowed: true,
	}
	if !strings.Contains(o.path, "%s") {
		q.repository = -1
	}
	return q
}

// An HTTPRequest is a request as a client sends it, and the answer that the policies give it.
type HTTPRequest struct {
	Text    []byte
	Head    bool // the response has no body
	Allowed bool
}

// HTTP returns the requests of a team's client over HTTP/1.1, which has no body.
func (t *Traffic) HTTP(team int) (all []HTTPRequest) {
	r := rand.New(rand.NewPCG(t.Seed, uint64(team)+1))
	next := ranks(r, (t.Policies.Repositories-1-team)/t.Policies.Teams+1)
	for i := range t.Checks {
		chosen := team + next()*t.Policies.Teams
		denied := i%deniedEvery == deniedEvery-1 && t.Policies.Teams > 2
		if denied {
			chosen = (chosen + t.Policies.Teams - 2) % t.Policies.Repositories
		}
		q := t.about(r, chosen)
		q.allowed = !denied || q.repository < 0
		all = append(all, HTTPRequest{q.http(), q.operation.method == "HEAD", q.allowed})
	}
	return all
}

// http returns the request in HTTP/1.1.
func (q *request) http() []byte {
	accept := "*/*"
	if q.operation.accept {
		accept = manifestTypes
	}
	text := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nhost: %s\r\naccept: %s\r\n", q.operation.method, q.target, Host, accept)
	for _, h := range q.client {
		text = fmt.Appendf(text, "%s: %s\r\n", h.name, h.value)
	}
	if q.operation.body != "" {
		text = fmt.Appendf(text, "content-type: %s\r\n", q.operation.body)
	}
	if q.operation.push && q.operation.method != "HEAD" {
		text = append(text, "content-length: 0\r\n"...)
	}
	return append(text, "\r\n"...)
}
