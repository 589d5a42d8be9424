// Command fuzz runs every fuzz target of the product, and the one of the tests
// that compares it with a registry, for a while each, one after the other, and
// stops at the first that finds something.
//
// Usage: fuzz [-for 1m]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"extauthz/tests/stack"
)

func main() {
	long := flag.Duration("for", time.Minute, "`duration` of each target")
	flag.Parse()
	if err := fuzz(*long); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

// fuzz runs all targets of all packages.
func fuzz(long time.Duration) error {
	product, err := list(stack.Root(), "list", "./...")
	if err != nil {
		return err
	}
	found := 0
	for _, pkg := range product {
		n, err := fuzzPackage(stack.Root(), pkg, long)
		if err != nil {
			return err
		}
		found += n
	}
	n, err := fuzzPackage(filepath.Join(stack.Root(), "tests"), "./router", long)
	if err != nil {
		return err
	}
	if found == 0 || n == 0 {
		return fmt.Errorf("%d fuzz targets in %d packages, and %d in ./router", found, len(product), n)
	}
	fmt.Printf("%d targets found nothing\n", found+n)
	return nil
}

// fuzzPackage runs the targets of a package of the module in dir, and counts
// them.
func fuzzPackage(dir, pkg string, long time.Duration) (found int, err error) {
	targets, err := list(dir, "test", "-list=^Fuzz", pkg)
	if err != nil {
		return 0, err
	}
	for _, target := range targets {
		if !strings.HasPrefix(target, "Fuzz") {
			continue // the line that says ok
		}
		found++
		fmt.Printf("== %s in %s for %s\n", target, pkg, long)
		if err := run(dir, pkg, target, long); err != nil {
			return found, fmt.Errorf("%s in %s: %w", target, pkg, err)
		}
	}
	return found, nil
}

// list is the lines that the go command prints in dir.
func list(dir string, args ...string) ([]string, error) {
	c := exec.Command("go", args...)
	c.Dir, c.Stderr = dir, os.Stderr
	out, err := c.Output()
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), err
}

// run runs one target. Go's default is to minimize an interesting input for a minute, which
// leaves the target no time to try others.
func run(dir, pkg, target string, long time.Duration) error {
	c := exec.Command("go", "test", "-run=^$", "-fuzz=^"+target+"$", "-fuzztime="+long.String(), "-fuzzminimizetime=2s", pkg)
	c.Dir, c.Stdout, c.Stderr = dir, os.Stdout, os.Stderr
	return c.Run()
}
