package lint

import (
	"path/filepath"
	"slices"
	"strings"

	"extauthz/diag"
)

// unloadable returns a diagnostic for each fault that keeps the directory from loading.
func unloadable(dir string, err error) diag.List {
	faults := slices.Clone(diag.Of(err))
	for i, f := range faults {
		f.Code, f.Problem = "unloadable", strings.ReplaceAll(f.Problem, "\n", "; ")
		if relative, err := filepath.Rel(dir, f.File); f.File == "" {
			f.File = "."
		} else if err == nil && filepath.IsLocal(relative) {
			f.File = filepath.ToSlash(relative)
		}
		faults[i] = f
	}
	return faults
}
