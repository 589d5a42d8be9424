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

// proxy is the CNCF Distribution registry as a pull-through cache. It is a client of the registry
// behind Envoy, and has clients itself.
var proxy = &client{
	name:    "proxy",
	find:    func() (string, error) { return "", nil }, // it is a library
	release: "v3.1.2",
	verbs: map[operation]verb{
		login: proxyLogin,
		pull:  proxyPull,
		tags:  proxyTags,
	},
	gaps: map[operation]string{
		push:      "a pull-through cache takes no pushes",
		pushIndex: "a pull-through cache takes no pushes",
		copies:    "a pull-through cache takes no pushes",
		deletes:   "a pull-through cache deletes nothing",
	},
	denialText: "MANIFEST_UNKNOWN",
	headBy:     pull,
	headText:   "MANIFEST_UNKNOWN",
}

// proxyLogin does nothing: the configuration of each proxy contains the user's password.
func proxyLogin(*session, ...string) (string, error) { return "", nil }

// proxyPull pulls through a proxy of the session. The error is the one that users of the proxy
// get.
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

// proxy starts a proxy for the session's address and user, and returns its address. It stores its
// files in the session's home.
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
