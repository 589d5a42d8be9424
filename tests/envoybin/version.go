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

// An Accept says why a version of Envoy will not do; nil means that it will.
type Accept func(version string) error

// OnlyPinned accepts Pinned and nothing else.
func OnlyPinned(version string) error {
	if version != Pinned {
		return fmt.Errorf("is %s, and the tests are pinned to %s", version, Pinned)
	}
	return nil
}

// Supported accepts 1.36 and newer: the example configurations use no field
// that is younger.
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

// versionLine is where `envoy --version` says COMMIT/VERSION/STATUS/BUILD/TLS.
var versionLine = regexp.MustCompile(`version: [0-9a-f]+/(\d+\.\d+\.\d+)`)

// versionLimit is for a program that ends at once, on a busy machine.
const versionLimit = 5 * time.Minute

// versionOf asks the program for its version.
func versionOf(ctx context.Context, command []string) (string, error) {
	argv := append(command[:len(command):len(command)], "--version")
	ask := exec.Command(argv[0], argv[1:]...)
	var out bytes.Buffer
	ask.Stdout, ask.Stderr = &out, &out
	if err := bounded.Run(ctx, versionLimit, ask); err != nil {
		return "", fmt.Errorf("does not run: %w", err)
	}
	found := versionLine.FindSubmatch(out.Bytes())
	if found == nil {
		return "", fmt.Errorf("does not print its version: it printed %q", &out)
	}
	return string(found[1]), nil
}
