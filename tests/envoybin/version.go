package envoybin

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
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

// versionOf asks the program for its version.
func versionOf(ctx context.Context, command []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	argv := append(command[:len(command):len(command)], "--version")
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("does not run: %w", err)
	}
	found := versionLine.FindSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("does not tell its version: it printed %q", out)
	}
	return string(found[1]), nil
}
