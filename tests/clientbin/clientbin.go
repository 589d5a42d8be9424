package clientbin

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/checkout"
)

// A Client is a program of a Go module.
type Client struct {
	Package string // the package of the program
	Version string // of its module
	Heavy   bool   // building it takes at least as long as building all others together
	Module  string // the folder below tests of a module that requires it, if go install cannot build it; "" for none
	Needs   string // a program that must be on PATH for it to run, if any
}

// The clients. Crane is not among them: it is a tool of this module.
var (
	Regctl = Client{Package: "github.com/regclient/regclient/cmd/regctl", Version: "v0.11.7"}
	Ctr    = Client{Package: "github.com/containerd/containerd/v2/cmd/ctr", Version: "v2.4.2", Needs: "containerd"}
	Helm   = Client{Package: "helm.sh/helm/v3/cmd/helm", Version: "v3.22.0", Heavy: true}
	Cosign = Client{Package: "github.com/sigstore/cosign/v3/cmd/cosign", Version: "v3.1.3", Heavy: true}
)

// The credential helpers of AWS for docker and for kubelets. The tests of package awsclients run them.
// The module of the second replaces another, so that go install refuses it.
var (
	ECRLogin    = Client{Package: "github.com/awslabs/amazon-ecr-credential-helper/ecr-login/cli/docker-credential-ecr-login", Version: "v0.12.0", Heavy: true}
	ECRProvider = Client{Package: "k8s.io/cloud-provider-aws/cmd/ecr-credential-provider", Version: "v1.37.1", Heavy: true, Module: "awsclients/ecrprovider"}
)

// AWS returns the credential helpers of AWS.
func AWS() []Client { return []Client{ECRLogin, ECRProvider} }

// Linter is the program that checks the code. It is not a client, but is built like one.
var Linter = Client{Package: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint", Version: "v2.15.0"}

// OPA is Open Policy Agent with Envoy's ext_authz, which the benchmark measures next to the
// sidecar. The proxy for modules does not list its versions, so that go install cannot find it.
var OPA = Client{Package: "github.com/open-policy-agent/opa-envoy-plugin/cmd/opa-envoy-plugin", Version: "v1.15.2-envoy", Heavy: true, Module: "bench/opa"}

// All returns every client, the heavy ones last.
func All() []Client { return []Client{Regctl, Ctr, Helm, Cosign} }

// AllVariable is the environment variable that includes heavy clients if it is true. CI=true
// includes them as well.
const AllVariable = "ALL_CLIENTS"

// Everything reports whether what takes long to build should be built here.
func Everything() bool { return os.Getenv(AllVariable) == "true" || os.Getenv("CI") == "true" }

// Wanted reports whether the client should be built here.
func (c Client) Wanted() bool {
	if c.Needs != "" {
		if _, err := exec.LookPath(c.Needs); err != nil {
			return false
		}
	}
	return !c.Heavy || Everything()
}

// Name returns the name of the program.
func (c Client) Name() string { return path.Base(c.Package) }

// Program returns the path of the program, which may not exist yet. It is another one after the
// version changes, or any module that the folder Module requires.
func (c Client) Program() string {
	return filepath.Join(checkout.Cache(), "clients", c.Name()+"-"+c.Version+c.requirements(), c.Name())
}

// requirements returns a name for the content of go.sum in the folder Module, or "" without one.
func (c Client) requirements() string {
	if c.Module == "" {
		return ""
	}
	sums, err := os.ReadFile(filepath.Join(checkout.Tests(), c.Module, "go.sum"))
	if err != nil {
		return "" // the build will fail
	}
	return fmt.Sprintf("-%.4x", sha256.Sum256(sums))
}

// Built reports whether the program exists.
func (c Client) Built() bool {
	_, err := os.Stat(c.Program())
	return err == nil
}

// installLimit is enough for the largest client on a busy machine with two cores.
const installLimit = 2 * time.Hour

// Install builds the program unless it exists. The dependencies of a client are not
// dependencies of this module; the checksum database authenticates what is downloaded. The
// program is built without cgo and debug information, which halves the cost.
func (c Client) Install(ctx context.Context, progress io.Writer) error {
	if c.Built() {
		return nil
	}
	dir := filepath.Dir(c.Program())
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	build := c.command(aside)
	// A linter reads only code for Go releases up to the one that it was built with, so that
	// must be the release of this program.
	build.Env = append(os.Environ(), "GOBIN="+aside, "CGO_ENABLED=0", "GOTOOLCHAIN="+toolchain())
	began := time.Now()
	fmt.Fprintf(progress, "Building %s %s (once)\n", c.Name(), c.Version)
	if err := bounded.RunQuietly(ctx, installLimit, build, progress, "building "+c.Name()); err != nil {
		return fmt.Errorf("building %s@%s: %w", c.Package, c.Version, err)
	}
	fmt.Fprintf(progress, "Built %s in %s\n", c.Name(), time.Since(began).Round(time.Second))
	if err := os.Rename(aside, dir); err != nil && !c.Built() {
		return err
	}
	return nil
}

// command returns the command that builds the program in a folder.
func (c Client) command(dir string) *exec.Cmd {
	smaller := []string{"-gcflags=all=-dwarf=false", "-ldflags=-s -w"}
	if c.Module == "" {
		return exec.Command("go", append(append([]string{"install"}, smaller...), c.Package+"@"+c.Version)...)
	}
	build := exec.Command("go", append(append([]string{"build", "-o", dir}, smaller...), c.Package)...)
	build.Dir = filepath.Join(checkout.Tests(), c.Module)
	return build
}

// toolchain returns the value of GOTOOLCHAIN for the Go release that built this program:
// "local" if it is not a release.
func toolchain() string {
	version, _, _ := strings.Cut(runtime.Version(), " ")
	if !strings.HasPrefix(version, "go1.") {
		return "local"
	}
	return version
}
