package rules

import (
	"slices"
	"strings"
	"testing"
)

// The modules that packages of the product may import from.
const (
	lru      = "github.com/hashicorp/golang-lru/v2"
	jose     = "github.com/go-jose/go-jose/v4"
	bcrypt   = "golang.org/x/crypto/bcrypt"
	fsnotify = "github.com/fsnotify/fsnotify"
	unix     = "golang.org/x/sys/unix"
	yaml     = "go.yaml.in/yaml/v4"
	grpc     = "google.golang.org/grpc"
	protobuf = "google.golang.org/protobuf"
	genproto = "google.golang.org/genproto/googleapis/rpc"
	envoyAPI = "github.com/envoyproxy/go-control-plane/envoy"
	age      = "filippo.io/age"
	awsSDK   = "github.com/aws/aws-sdk-go-v2"
	prom     = "github.com/prometheus/client_golang"
	otel     = "go.opentelemetry.io"
)

// mayImport lists for each package what it may import in addition to the standard library.
// Data flows one way, so no package imports one that is above it in the flow.
var mayImport = map[string][]string{
	"goldentest":                          {},
	"waits":                               {},
	"nearest":                             {},
	"clientip":                            {},
	"diag":                                {},
	"iam":                                 {"diag", "nearest", "strictjson"},
	"iam/iamtest":                         {"iam"},
	"strictjson":                          {"diag"},
	"strictyaml":                          {"diag", "nearest", yaml},
	"mapping":                             {"diag", "iam"},
	"fetch":                               {"diag"},
	"upstream":                            {"diag", "fetch", "waits", lru},
	"identity/oidc":                       {"diag", "fetch", "strictjson", "waits", jose, lru},
	"identity/oidc/oidctest":              {},
	"identity/accesskey":                  {"diag"},
	"identity/session":                    {"diag", "identity/accesskey", jose},
	"identity/session/sessiontest":        {"identity/session"},
	"identity/nametemplate":               {"diag"},
	"identity/basic":                      {"diag", "clientip", "waits", bcrypt, lru},
	"identity/basic/basictest":            {bcrypt},
	"identity/sts":                        {"diag", "iam", "identity/oidc"},
	"identity":                            {"diag", "iam", "identity/accesskey", "identity/nametemplate", "identity/basic", "identity/oidc", "identity/session", "identity/sts", lru},
	"decision":                            {"diag", "iam", lru},
	"denialmessage":                       {"diag", age},
	"policystore":                         {"diag", "iam", "strictjson", "strictyaml", "mapping", "identity/accesskey", "identity/basic", "identity/oidc", "identity/session", "identity/sts", "identity", "decision", "upstream", "policystore/awsexport", "policystore/config", "policystore/directory"},
	"policystore/config":                  {"diag", "iam", "strictyaml", "mapping", "identity", "identity/session", "identity/sts", "upstream", "policystore/awsexport"},
	"policystore/awsexport":               {"diag", "iam", "strictjson", "mapping", "identity/sts"},
	"policystore/directory":               {"diag", fsnotify, unix},
	"policystore/policystoretest":         {"decision", "policystore", "policystore/directory/directorytest"},
	"policystore/directory/directorytest": {},
	"authz":                               {"diag", "iam", "mapping", "identity", "identity/session", "identity/sts", "decision", "denialmessage", "upstream", "policystore", "policystore/config"},
	"simulate":                            {"diag", "iam", "strictjson", "mapping", "identity/oidc", "identity/sts", "identity", "decision", "policystore", "authz"},
	"access":                              {"diag", "iam", "nearest", "mapping", "identity/sts", "identity", "policystore", "policystore/config", "authz"},
	"policytest":                          {"diag", "iam", "strictyaml", "identity/sts", "mapping", "identity/oidc", "identity", "decision", "policystore", "policystore/config", "authz", "simulate", yaml},
	"lint":                                {"diag", "iam", "mapping", "nearest", "identity/nametemplate", "identity/basic", "identity/sts", "identity", "policystore", "policystore/config"},
	"doctor":                              {"diag", "mapping", "identity", "policystore", yaml},
	"schemas":                             {"diag"},
	"scaffold":                            {"diag", "iam", "mapping", "schemas"},
	"envoy":                               {"diag", "strictjson", "clientip", "authz", "mapping", envoyAPI, grpc, protobuf, genproto},
	"signin/client":                       {"diag", "fetch"},
	"signin/kubelet":                      {"diag", "signin/client"},
	"signin/sigv4":                        {awsSDK},
	"signin/ecrapi":                       {"iam", "identity/sts", "mapping"},
	"signin/stsapi":                       {"identity", "identity/session", "identity/sts"},
	"signin":                              {"diag", "identity", "identity/basic", "identity/oidc", "identity/session", "identity/sts", "mapping", "authz", "signin/ecrapi", "signin/sigv4", "signin/stsapi"},
	"decisionlog":                         {"diag", "iam", "identity/sts", "identity", "authz"},
	"metrics":                             {"identity/oidc", "upstream", "decision", "policystore", "authz", "decisionlog", "signin", prom},
	"cmd/extauthz":                        {"diag", "nearest", "iam", "mapping", "identity/accesskey", "identity/oidc", "identity/session", "identity/sts", "identity", "decision", "denialmessage", "policystore", "authz", "signin", "signin/client", "signin/kubelet", "simulate", "access", "lint", "doctor", "policytest", "schemas", "scaffold", "envoy", "decisionlog", "replay", "generate", "shadow", "metrics", "waits", grpc, protobuf, otel},
	"shadow":                              {"authz"},
	"replay":                              {"diag", "iam", "mapping", "identity/sts", "identity", "policystore", "authz", "decisionlog"},
	"generate":                            {"iam", "authz", "decisionlog", "replay"},
}

func TestImports(t *testing.T) {
	for _, p := range own(t) {
		name := strings.TrimPrefix(p.ImportPath, "extauthz/")
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("package %s has no rule; add it to mayImport", name)
		}
		for _, path := range p.Imports {
			if !isStandard(path) && !slices.ContainsFunc(allowed, func(a string) bool { return within(path, a) }) {
				t.Errorf("%s imports %s, which it may not", name, path)
			}
		}
	}
}

// TestImportRulesAreOneWay checks that the table has no cycle.
func TestImportRulesAreOneWay(t *testing.T) {
	var reaches func(from, to string, depth int) bool
	reaches = func(from, to string, depth int) bool {
		return depth < len(mayImport) && slices.ContainsFunc(mayImport[from], func(next string) bool {
			return next == to || reaches(next, to, depth+1)
		})
	}
	for name := range mayImport {
		if reaches(name, name, 0) {
			t.Errorf("%s may import itself through other packages", name)
		}
	}
}

// noWorld lists packages that a pure package does not import: files, network, randomness,
// logs and processes. The constants of net/http are allowed.
var noWorld = []string{
	"os", "io/fs", "net", "net/http/httputil", "crypto/rand", "math/rand", "math/rand/v2",
	"log", "log/slog", "os/exec", "os/signal", "syscall",
}

// TestPure checks that iam and mapping depend only on their input.
func TestPure(t *testing.T) {
	checked := 0
	for _, p := range own(t) {
		if p.ImportPath != "extauthz/iam" && p.ImportPath != "extauthz/mapping" {
			continue
		}
		checked++
		for _, path := range p.Imports {
			if slices.Contains(noWorld, path) {
				t.Errorf("%s imports %s, and should be pure", p.ImportPath, path)
			}
		}
		for _, path := range p.Deps {
			if !isStandard(path) && !strings.HasPrefix(path, "extauthz/") && !strings.HasPrefix(path, "vendor/") {
				t.Errorf("%s depends on %s, want the standard library only", p.ImportPath, path)
			}
		}
	}
	if checked != 2 {
		t.Errorf("checked %d packages, want 2", checked)
	}
}

// TestOpenTelemetryInTheCommand checks that only the command depends on OpenTelemetry, and that
// it does.
func TestOpenTelemetryInTheCommand(t *testing.T) {
	depends := map[string]bool{}
	for _, p := range own(t) {
		for _, path := range p.Deps {
			if within(path, otel) {
				depends[p.ImportPath] = true
			}
		}
	}
	if len(depends) != 1 || !depends["extauthz/cmd/extauthz"] {
		t.Errorf("the packages %v depend on OpenTelemetry, want the command", depends)
	}
}

// TestNoProtobufOutsideEnvoy checks that only envoy and the command depend on gRPC and
// protobuf. The client of Prometheus, which metrics imports, depends on protobuf too.
func TestNoProtobufOutsideEnvoy(t *testing.T) {
	for _, p := range own(t) {
		if p.ImportPath == "extauthz/envoy" || strings.HasPrefix(p.ImportPath, "extauthz/cmd/") {
			continue
		}
		for _, path := range p.Deps {
			if within(path, grpc) || within(path, protobuf) && p.ImportPath != "extauthz/metrics" {
				t.Errorf("%s depends on %s", p.ImportPath, path)
			}
		}
	}
}

// isStandard reports whether a path belongs to the standard library: its first element
// has no dot.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "extauthz"
}

// within reports whether path is the allowed package of the product, or is in the allowed
// module.
func within(path, allowed string) bool {
	return path == "extauthz/"+allowed || path == allowed || strings.HasPrefix(path, allowed+"/")
}
