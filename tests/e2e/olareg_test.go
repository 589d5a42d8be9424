package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/olareg/olareg"
	"github.com/olareg/olareg/config"

	"extauthz/tests/stack"
)

// beforeOlareg is the safe Envoy in front of olareg, a registry that reads names differently:
// it cleans the source of a mount as a path.
func beforeOlareg(t *testing.T) setup {
	t.Helper()
	registry := olareg.New(config.Config{Storage: config.ConfigStorage{StoreType: config.StoreDir, RootDir: t.TempDir()}})
	server := httptest.NewServer(registry)
	t.Cleanup(func() {
		server.Close()
		_ = registry.Close() // fails for the sources that do not exist on disk
	})
	spec := safe(t)
	spec.Upstream = strings.TrimPrefix(server.URL, "http://")
	return spec
}

// mountsInOlareg sends mounts whose source cannot be a repository. Olareg alone mounts the
// secret for some of them. Through Envoy it mounts nothing, and mounts of a valid source
// work.
func mountsInOlareg(t *testing.T, sys *system) {
	sys.fill(t)
	mountAllowed(t, sys)
	mountNotAllowed(t, sys)
	blob, mounted := layer(t, sys.secret), 0
	for i, query := range unusableSources {
		path := fmt.Sprintf("/v2/team/direct%d/blobs/uploads/?%s", i, strings.ReplaceAll(query, "{blob}", blob))
		if send(t, sys.Address(stack.Registry), "", http.MethodPost, path, nil).status == http.StatusCreated {
			mounted++
			sys.hasBlob(t, fmt.Sprint("team/direct", i), blob, true)
		}
	}
	if mounted < 3 {
		t.Errorf("olareg itself mounted %d of them, want at least 3", mounted)
	}
	mountFromNoName(t, sys)
}
