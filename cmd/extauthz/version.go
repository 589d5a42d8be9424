package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// build is what the binary knows of how it was built.
type build struct {
	version  string // the release, or the module's version: "(devel)" outside of a repository
	revision string // the commit, "" if unknown
}

// released is the version of a release, such as v1.2.3. The linker sets it, since the
// build of the container image has no repository to read it from:
//
//	go build -ldflags=-X=main.released=v1.2.3 ./cmd/extauthz
var released string

func readBuild() build {
	b := build{version: cmp.Or(released, "unknown")}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = cmp.Or(released, info.Main.Version)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.revision = s.Value
		}
	}
	return b
}

// version prints the version, the commit and the compiler.
func version(in *invocation) error {
	if err := parseArguments(newFlags(), in); err != nil {
		return err
	}
	b := readBuild()
	words := []string{"extauthz", b.version}
	if b.revision != "" {
		words = append(words, b.revision)
	}
	words = append(words, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	_, err := fmt.Fprintln(in.stdout, strings.Join(words, " "))
	return err
}
