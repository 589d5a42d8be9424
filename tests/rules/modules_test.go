package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"extauthz/tests/stack"
)

// mayRequire lists the modules that the product may depend on directly.
var mayRequire = []string{
	"filippo.io/age", "github.com/aws/aws-sdk-go-v2", "github.com/envoyproxy/go-control-plane/envoy", "github.com/fsnotify/fsnotify", "github.com/go-jose/go-jose/v4",
	"github.com/hashicorp/golang-lru/v2", "github.com/prometheus/client_golang",
	"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/contrib/propagators/b3",
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace", "go.opentelemetry.io/proto/otlp",
	"go.yaml.in/yaml/v4", "golang.org/x/crypto", "golang.org/x/sys",
	"google.golang.org/genproto/googleapis/rpc", "google.golang.org/grpc", "google.golang.org/protobuf",
}

// extauthztestMayRequire lists the modules that extauthztest, and so the tests of other projects,
// may depend on directly.
var extauthztestMayRequire = []string{
	"github.com/testcontainers/testcontainers-go", "github.com/moby/moby/api", "github.com/moby/moby/client",
	"go.yaml.in/yaml/v3", // which testcontainers needs as well
	"golang.org/x/crypto",
}

// testsMayRequire lists the modules that the tests may also depend on.
var testsMayRequire = []string{
	"extauthz", "github.com/distribution/distribution/v3", "github.com/google/go-containerregistry",
	// the types of a Distribution registry's store, and its log
	"github.com/distribution/reference", "github.com/opencontainers/go-digest", "github.com/opencontainers/image-spec", "github.com/sirupsen/logrus",
	// the system in containers
	"extauthz/extauthztest", "github.com/testcontainers/testcontainers-go", "github.com/moby/moby/api", "github.com/moby/moby/client",
	"go.yaml.in/yaml/v4", "golang.org/x/crypto", "golang.org/x/sys",
	"github.com/olareg/olareg",                     // a second registry, which reads names differently
	"github.com/prometheus/common",                 // reads metrics as Prometheus does
	"github.com/grafana/grafana-foundation-sdk/go", // reads the dashboard as Grafana does
	"github.com/VictoriaMetrics/metricsql",         // reads the expressions of alerts
	"github.com/rhysd/actionlint",                  // checks the workflows
	"go.opentelemetry.io/proto/otlp",               // a collector of traces
	"golang.org/x/net",                             // frames of HTTP/2 with hostile bytes
	"github.com/santhosh-tekuri/jsonschema/v6",     // validates examples by the schemas for editors
	// the types of Kubernetes' manifests, its standard for pods, kustomize and Helm
	"helm.sh/helm/v3",
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/kubelet", "k8s.io/pod-security-admission",
	"sigs.k8s.io/kustomize/api", "sigs.k8s.io/kustomize/kyaml", "sigs.k8s.io/yaml",
	"istio.io/api", // the types of Istio's manifests
	// a client and servers of ext_authz, to measure the sidecar next to
	"github.com/envoyproxy/go-control-plane/envoy", "google.golang.org/genproto/googleapis/rpc", "google.golang.org/grpc", "google.golang.org/protobuf",
}

// required is a line of go.mod that names a module and its version.
var required = regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+|extauthz\S*) (v\S+)( // indirect)?$`)

func TestModules(t *testing.T) {
	cases := []struct {
		file    string
		allowed []string
		atLeast int
	}{
		{"go.mod", mayRequire, 5},
		{"tests/go.mod", testsMayRequire, 3},
		{"extauthztest/go.mod", extauthztestMayRequire, 3},
	}
	for _, c := range cases {
		text, err := os.ReadFile(filepath.Join(stack.Root(), c.file))
		if err != nil {
			t.Fatal(err)
		}
		direct := 0
		for _, line := range required.FindAllStringSubmatch(string(text), -1) {
			if line[3] != "" {
				continue
			}
			direct++
			if !slices.Contains(c.allowed, line[1]) {
				t.Errorf("%s requires %s, which is not on the list of allowed modules", c.file, line[1])
			}
		}
		if direct < c.atLeast {
			t.Errorf("%s: %d direct dependencies found, want at least %d", c.file, direct, c.atLeast)
		}
	}
}

// TestGoVersion checks that every module needs the same release of Go, with the same toolchain if
// it names one.
func TestGoVersion(t *testing.T) {
	release := regexp.MustCompile(`(?m)^(?:go|toolchain) \S+$`)
	want := release.FindAllString(page(t, "go.mod"), -1)
	modules := 0
	for _, name := range files(t) {
		if filepath.Base(name) != "go.mod" {
			continue
		}
		modules++
		if got := release.FindAllString(page(t, name), -1); len(got) == 0 || !slices.Equal(got, want[:min(len(got), len(want))]) {
			t.Errorf("%s needs %q, want %q", name, got, want)
		}
	}
	if modules < 3 || len(want) != 2 {
		t.Errorf("%d modules, and go.mod needs %q; want at least 3, and a go line and a toolchain line", modules, want)
	}
}
