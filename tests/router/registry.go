package router

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	middleware "github.com/distribution/distribution/v3/registry/middleware/registry"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/sirupsen/logrus"
)

// Registry is a whole registry of the CNCF Distribution project, router and
// handlers included, whose store only records calls. It is not safe for concurrent
// use.
type Registry struct {
	app   *handlers.App
	trace *trace
	in    *bufio.Reader
	out   response
}

// register registers the store under a name for the registry's configuration, once.
var register = sync.OnceValue(func() error {
	logrus.SetLevel(logrus.PanicLevel) // every refused request would be a line
	return middleware.Register("trace", func(_ context.Context, _ distribution.Namespace, _ driver.StorageDriver, options map[string]any) (distribution.Namespace, error) {
		return options["trace"].(*trace), nil
	})
})

// NewRegistry returns a registry that runs until ctx ends. All registries sign uploads
// with the same secret.
func NewRegistry(ctx context.Context) (*Registry, error) {
	if err := register(); err != nil {
		return nil, err
	}
	t := new(trace)
	c := &configuration.Configuration{
		Storage: configuration.Storage{
			"inmemory":    {},
			"delete":      {"enabled": true},
			"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
		},
		Middleware: map[string][]configuration.Middleware{
			"registry": {{Name: "trace", Options: configuration.Parameters{"trace": t}}},
		},
	}
	c.HTTP.RelativeURLs = true
	c.HTTP.Secret = "all registries of a run share this"
	c.Catalog.MaxEntries = 1000
	return &Registry{app: handlers.NewApp(ctx, c), trace: t, in: bufio.NewReader(nil)}, nil
}

// Serve lets the registry answer a request given as bytes, and returns the effects. The
// registry's own code does everything after the HTTP parser. A request that Go's server cannot parse has no effect.
func (g *Registry) Serve(wire string) []Effect {
	g.trace.effects = g.trace.effects[:0]
	g.in.Reset(strings.NewReader(wire))
	request, err := http.ReadRequest(g.in)
	if err != nil {
		return nil
	}
	request.RemoteAddr = "127.0.0.1:1"
	g.trace.head = request.Method == http.MethodHead
	g.out = response{header: http.Header{}}
	g.answer(request)
	return g.trace.effects
}

// answer serves the request. The effects of a handler before it panics count.
func (g *Registry) answer(request *http.Request) {
	defer func() {
		if request.MultipartForm != nil {
			_ = request.MultipartForm.RemoveAll()
		}
		if p := recover(); p != nil {
			g.out.panicked = true
		}
	}()
	g.app.ServeHTTP(&g.out, request)
}

// State opens an upload and returns the signed state that resumes it.
func (g *Registry) State(repository, upload string) (string, error) {
	g.trace.upload = upload
	defer func() { g.trace.upload = "" }()
	r := Request{Method: http.MethodPost, Target: "/v2/" + repository + "/blobs/uploads/"}
	g.Serve(r.wire(r.Target))
	location, err := url.Parse(g.out.header.Get("Location"))
	if err != nil || location.Query().Get("_state") == "" {
		return "", errors.Join(fmt.Errorf("no upload of %s in %q", repository, g.out.header), err)
	}
	return location.Query().Get("_state"), nil
}

// response discards an answer except its header.
type response struct {
	header   http.Header
	panicked bool
}

var _ io.Writer = (*response)(nil)

func (w *response) Header() http.Header         { return w.header }
func (w *response) WriteHeader(int)             {}
func (w *response) Write(p []byte) (int, error) { return len(p), nil }
