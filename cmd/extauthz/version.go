package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// build is what the binary knows of how it was built.
type build struct {
	version  string // the module's version, "(devel)" outside of a repository
	revision string // the commit, "" if unknown
}

func readBuild() build {
	b := build{version: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = info.Main.Version
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
