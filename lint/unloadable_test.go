package lint

import (
	"errors"
	"fmt"
	"testing"

	"extauthz/diag"
)

// TestUnloadable checks that each fault of a directory becomes a finding, with its file
// relative to the directory.
func TestUnloadable(t *testing.T) {
	at := func(file string, p diag.Point) diag.Diagnostic {
		return diag.New(diag.File(file).At(p), "no Effect", "add one")
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{at("managed/a.json", diag.Point{Line: 3, Column: 4}), "[managed/a.json:3:4: error: unloadable: no Effect; add one]"},
		{at("principals.yaml", diag.Point{Line: 7}), "[principals.yaml:7: error: unloadable: no Effect; add one]"},
		{at("registries.yaml", diag.Point{}), "[registries.yaml: error: unloadable: no Effect; add one]"},
		{at("/d/managed/a.json", diag.Point{}), "[managed/a.json: error: unloadable: no Effect; add one]"},
		{at("/d", diag.Point{}), "[.: error: unloadable: no Effect; add one]"},
		{at("/elsewhere/a.json", diag.Point{Line: 1, Column: 2}), "[/elsewhere/a.json:1:2: error: unloadable: no Effect; add one]"},
		{errors.New("something else\nin two lines"), "[.: error: unloadable: something else; in two lines]"},
		{errors.Join(at("a", diag.Point{}), at("b", diag.Point{})), "[a: error: unloadable: no Effect; add one b: error: unloadable: no Effect; add one]"},
	} {
		var texts []string
		for _, f := range unloadable("/d", c.err) {
			texts = append(texts, f.Text())
		}
		if got := fmt.Sprint(texts); got != c.want {
			t.Errorf("%q: got %s want %s", c.err, got, c.want)
		}
	}
}
