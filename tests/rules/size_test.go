package rules

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// TestNoLargePackages checks that the product, built as it is released, does not contain text/template.
// A template may call every exported method, so the linker then keeps all of them, called or not:
// a fifth of the binary. The tag grpcnotrace leaves out the other package that has templates,
// golang.org/x/net/trace. Package net/http/pprof alone would add 240 kB.
func TestNoLargePackages(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-tags=grpcnotrace,nethttpomithttp2", "./cmd/extauthz")
	list.Dir = stack.Root()
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, "google.golang.org/grpc") {
		t.Fatalf("%d packages, without google.golang.org/grpc", len(packages))
	}
	for name, why := range map[string]string{
		"text/template":  "keeps the linker from leaving out methods that are not called",
		"html/template":  "keeps the linker from leaving out methods that are not called",
		"net/http/pprof": "is large; profiles.go serves what is necessary",
	} {
		if slices.Contains(packages, name) {
			t.Errorf("cmd/extauthz depends on %s, which %s", name, why)
		}
	}
}

// TestReleaseTags checks that everything that builds the program for operators sets the tags.
func TestReleaseTags(t *testing.T) {
	for _, file := range []string{"Makefile", "Dockerfile", ".ci/release", "tests/images/extauthz.go"} {
		if !strings.Contains(page(t, file), "-tags=grpcnotrace,nethttpomithttp2") {
			t.Errorf("%s builds without -tags=grpcnotrace,nethttpomithttp2", file)
		}
	}
}
