package clientbin

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"extauthz/tests/stack"
)

// A Client is a program of a Go module.
type Client struct {
	Package string // the package of the program
	Version string // of its module
	Heavy   bool   // building it takes as long as all the others together, or longer
	Beside  string // a program of the machine without which it cannot run, if any
}

// The clients. Crane is a tool of this module.
var (
	Regctl = Client{Package: "github.com/regclient/regclient/cmd/regctl", Version: "v0.11.7"}
	Ctr    = Client{Package: "github.com/containerd/containerd/v2/cmd/ctr", Version: "v2.4.2", Beside: "containerd"}
	Helm   = Client{Package: "helm.sh/helm/v3/cmd/helm", Version: "v3.22.0", Heavy: true}
	Cosign = Client{Package: "github.com/sigstore/cosign/v3/cmd/cosign", Version: "v3.1.3", Heavy: true}
)

// Linter is the program that checks the code. It is not a client, but it is built like one.
var Linter = Client{Package: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint", Version: "v2.15.0"}

// All returns every client, the heavy ones last.
func All() []Client { return []Client{Regctl, Ctr, Helm, Cosign} }

// Everything is the environment variable that, if true, has heavy clients built and run
// too. CI=true implies it.
const Everything = "ALL_CLIENTS"

// Wanted reports whether the client is to be built here, if it is not there yet.
func (c Client) Wanted() bool {
	if c.Beside != "" {
		if _, err := exec.LookPath(c.Beside); err != nil {
			return false
		}
	}
	return !c.Heavy || os.Getenv(Everything) == "true" || os.Getenv("CI") == "true"
}

// Name is the name of the program.
func (c Client) Name() string { return path.Base(c.Package) }

// Program is the path of the program, which need not be there yet.
func (c Client) Program() string {
	return filepath.Join(stack.Cache(), "clients", c.Name()+"-"+c.Version, c.Name())
}

// Built reports whether the program is there.
func (c Client) Built() bool {
	_, err := os.Stat(c.Program())
	return err == nil
}
