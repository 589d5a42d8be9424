package envoybin

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"extauthz/tests/bounded"
)

// Pinned is the Envoy release that every test runs against.
const Pinned = "1.40.0"

// An Accept returns the reason why a version of Envoy cannot be used, or nil.
type Accept func(version string) error

// OnlyPinned accepts Pinned and nothing else.
func OnlyPinned(version string) error {
	if version != Pinned {
		return fmt.Errorf("is %s, and the tests are pinned to %s", version, Pinned)
	}
	return nil
}

// Supported accepts 1.36 and later, which have every field that the example configurations
// use.
func Supported(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("has an unreadable version %s", strconv.Quote(version))
	}
	if major < 1 || major == 1 && minor < 36 {
		return fmt.Errorf("is %s, and the configurations need 1.36", version)
	}
	return nil
}

// versionLine matches COMMIT/VERSION in the output of `envoy --version`.
var versionLine = regexp.MustCompile(`version: [0-9a-f]+/(\d+\.\d+\.\d+)`)

// versionLimit is enough for a program that ends at once, on a busy machine.
const versionLimit = 5 * time.Minute

// versionOf returns the version that the program prints.
func versionOf(ctx context.Context, command []string) (string, error) {
	argv := append(command[:len(command):len(command)], "--version")
	program := exec.Command(argv[0], argv[1:]...)
	var out bytes.Buffer
	program.Stdout, program.Stderr = &out, &out
	if err := bounded.Run(ctx, versionLimit, program); err != nil {
		return "", fmt.Errorf("does not run: %w", err)
	}
	found := versionLine.FindSubmatch(out.Bytes())
	if found == nil {
		return "", fmt.Errorf("does not print its version: it printed %q", &out)
	}
	return string(found[1]), nil
}
