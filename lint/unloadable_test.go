package lint

import (
	"errors"
	"testing"
)

func TestUnloadable(t *testing.T) {
	for _, c := range []struct{ err, want string }{
		{"managed/a.json:3:4: no Effect; add one", "managed/a.json:3:4: error: unloadable: no Effect; add one"},
		{"principals.yaml:7: key x is not known", "principals.yaml:7: error: unloadable: key x is not known"},
		{"registries.yaml: not there", "registries.yaml: error: unloadable: not there"},
		{"/d/managed/a.json: larger than 16 MiB", "managed/a.json: error: unloadable: larger than 16 MiB"},
		{"open /d/managed/a.json: some reason", ".: error: unloadable: open /d/managed/a.json: some reason"},
		{"something else\nin two lines", ".: error: unloadable: something else; in two lines"},
		{"/elsewhere/a.json:1:2: no", "/elsewhere/a.json:1:2: error: unloadable: no"},
	} {
		f := unloadable("/d", errors.New(c.err))
		if f.Text() != c.want {
			t.Errorf("%q: got %s want %s", c.err, f, c.want)
		}
	}
}
