package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

func versionUsage() command {
	return command{
		name: "version", summary: "print the version, the commit and how the program was built",
		example: "--json",
		flags:   new(versionCommand).declare, run: printVersion,
	}
}

// versionCommand contains the flags of version.
type versionCommand struct{ format string }

// declare adds the flags of version. Parsing them sets c.
func (c *versionCommand) declare(flags *flag.FlagSet) {
	declareFormat(flags, &c.format, "the version", "text", "json")
	declareShort(flags, "json", &c.format, "json", "print the modules in the program too")
}

// printVersion prints how the program was built.
func printVersion(in *invocation) error {
	c := new(versionCommand)
	if err := in.parseFlags(c); err != nil {
		return err
	}
	b := readBuild()
	if c.format == "json" {
		return printJSON(in.stdout, b)
	}
	return b.write(in.stdout)
}

// build describes how the binary was built. Its JSON form is the output of version.
type build struct {
	Version  string   `json:"version"`            // the release or the module's version, which is "(devel)" outside of a repository
	Revision string   `json:"revision,omitempty"` // the commit, "" if unknown
	Time     string   `json:"time,omitempty"`     // of the commit, as RFC 3339, "" if the binary was not built in its repository
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Modules  []module `json:"modules"` // in the program, without itself
}

// module is a Go module.
type module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// released is the version of a release, such as v1.2.3, and revision is its commit. The linker
// sets both, because the container image is built without a repository:
//
//	go build -ldflags='-X=main.released=v1.2.3 -X=main.revision=0123456789abcdef' ./cmd/extauthz
var released, revision string

func readBuild() build {
	b := build{
		Version: cmp.Or(released, "unknown"), Revision: revision,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Modules: []module{},
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = cmp.Or(released, info.Main.Version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = cmp.Or(revision, s.Value)
		case "vcs.time":
			b.Time = s.Value
		}
	}
	for _, m := range info.Deps {
		b.Modules = append(b.Modules, module{m.Path, m.Version})
	}
	return b
}

// write writes the version, the commit, the compiler and the platform as a line.
func (b *build) write(to io.Writer) error {
	parts := []string{"extauthz", b.Version}
	if b.Revision != "" {
		parts = append(parts, b.Revision)
	}
	parts = append(parts, b.Go, b.Platform)
	_, err := fmt.Fprintln(to, strings.Join(parts, " "))
	return err
}
