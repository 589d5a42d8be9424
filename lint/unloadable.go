package lint

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// placed is how an error names its place: file, line and perhaps column.
var placed = regexp.MustCompile(`^([^:]+):(\d+)(?::(\d+))?: (.*)$`)

// unloadable makes a finding of the error that kept the directory from loading.
func unloadable(dir string, err error) Finding {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	f := Finding{Source: ".", Code: "unloadable", Message: text}
	if m := placed.FindStringSubmatch(text); m != nil {
		f.Source, f.Message = m[1], m[4]
		f.Line, _ = strconv.Atoi(m[2])
		f.Column, _ = strconv.Atoi(m[3])
	} else if file, message, found := strings.Cut(text, ": "); found && !strings.Contains(file, " ") {
		f.Source, f.Message = file, message
	}
	if relative, err := filepath.Rel(dir, f.Source); err == nil && filepath.IsLocal(relative) {
		f.Source = filepath.ToSlash(relative)
	}
	return f
}
