package clients

import (
	"context"
	"net/http/httptest"
	"strings"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// proxy is the CNCF Distribution registry as a pull-through cache: a client of
// the registry behind Envoy, with clients of its own.
var proxy = &client{
	name:    "proxy",
	find:    func() (string, error) { return "", nil }, // it is a library
	release: "v3.1.2",
	verbs: map[occasion]verb{
		login: proxyLogin,
		pull:  proxyPull,
		tags:  proxyTags,
	},
	gaps: map[occasion]string{
		push:      "a pull-through cache takes no pushes",
		pushIndex: "a pull-through cache takes no pushes",
		copies:    "a pull-through cache takes no pushes",
		deletes:   "a pull-through cache deletes nothing",
	},
	hides:     "MANIFEST_UNKNOWN",
	headBy:    pull,
	hidesHead: "MANIFEST_UNKNOWN",
}

// proxyLogin has the user's password in the configuration of the proxies that
// the session starts.
func proxyLogin(*session, ...string) (string, error) { return "", nil }

// proxyPull pulls through a proxy of the session. The error is what a person
// reads whose registry it is.
func proxyPull(s *session, references ...string) (string, error) {
	image, err := name.ParseReference(s.proxy() + strings.TrimPrefix(references[0], s.address))
	if err != nil {
		return "", err
	}
	if err := pullAll(image); err != nil {
		return err.Error(), err
	}
	return "", nil
}

// proxyTags lists tags through a proxy of the session.
func proxyTags(s *session, references ...string) (string, error) {
	image, err := name.ParseReference(s.proxy() + strings.TrimPrefix(references[0], s.address))
	if err != nil {
		return "", err
	}
	tags, err := remote.List(image.Context())
	if err != nil {
		return err.Error(), err
	}
	return strings.Join(tags, "\n"), nil
}

// proxy starts a proxy that asks the session's address as its user and keeps
// what it gets in the session's home. It returns the proxy's own address.
func (s *session) proxy() string {
	s.t.Helper()
	c := &configuration.Configuration{
		Storage: configuration.Storage{"filesystem": {"rootdirectory": s.path("cache")}},
		Proxy:   configuration.Proxy{RemoteURL: "http://" + s.address, Username: s.user, Password: s.password()},
	}
	c.Log.AccessLog.Disabled = true
	c.HTTP.Secret = "one process signs and reads its upload state"
	app := handlers.NewApp(context.Background(), c)
	server := httptest.NewServer(app)
	s.t.Cleanup(func() {
		server.Close()
		if err := app.Shutdown(); err != nil {
			s.t.Error(err)
		}
	})
	return strings.TrimPrefix(server.URL, "http://")
}
