package lint

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"extauthz/diag"
)

// faultAt matches an error that begins with file, line and optionally column.
var faultAt = regexp.MustCompile(`^([^:]+):(\d+)(?::(\d+))?: (.*)$`)

// unloadable returns the finding for the error that kept the directory from loading.
func unloadable(dir string, err error) diag.Diagnostic {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	f := diag.Diagnostic{Position: diag.File(".").At(diag.Point{}), Code: "unloadable", Problem: text}
	if m := faultAt.FindStringSubmatch(text); m != nil {
		f.File, f.Problem = m[1], m[4]
		f.Line, _ = strconv.Atoi(m[2])
		f.Column, _ = strconv.Atoi(m[3])
	} else if file, message, found := strings.Cut(text, ": "); found && !strings.Contains(file, " ") {
		f.File, f.Problem = file, message
	}
	if relative, err := filepath.Rel(dir, f.File); err == nil && filepath.IsLocal(relative) {
		f.File = filepath.ToSlash(relative)
	}
	return f
}
