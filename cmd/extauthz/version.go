package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

func versionUsage() command {
	return command{
		name: "version", summary: "print the version",
		flags: noFlags, run: version,
	}
}

// build describes how the binary was built.
type build struct {
	version  string // the release or the module's version, which is "(devel)" outside of a repository
	revision string // the commit, "" if unknown
}

// released is the version of a release, such as v1.2.3, and revision is its commit. The linker
// sets both, because the container image is built without a repository:
//
//	go build -ldflags='-X=main.released=v1.2.3 -X=main.revision=0123456789abcdef' ./cmd/extauthz
var released, revision string

func readBuild() build {
	b := build{version: cmp.Or(released, "unknown"), revision: revision}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = cmp.Or(released, info.Main.Version)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.revision = cmp.Or(revision, s.Value)
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
	parts := []string{"extauthz", b.version}
	if b.revision != "" {
		parts = append(parts, b.revision)
	}
	parts = append(parts, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	_, err := fmt.Fprintln(in.stdout, strings.Join(parts, " "))
	return err
}
