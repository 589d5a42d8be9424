// Command fuzz runs every fuzz target of the product for a while each, one
// after the other, and stops at the first that finds something.
//
// Usage: fuzz [-for 1m]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
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
	packages, err := list("list", "./...")
	if err != nil {
		return err
	}
	found := 0
	for _, pkg := range packages {
		targets, err := list("test", "-list=^Fuzz", pkg)
		if err != nil {
			return err
		}
		for _, target := range targets {
			if !strings.HasPrefix(target, "Fuzz") {
				continue // the line that says ok
			}
			found++
			fmt.Printf("== %s in %s for %s\n", target, pkg, long)
			if err := run(pkg, target, long); err != nil {
				return fmt.Errorf("%s in %s: %w", target, pkg, err)
			}
		}
	}
	if found == 0 {
		return fmt.Errorf("no fuzz target in %d packages", len(packages))
	}
	fmt.Printf("%d targets found nothing\n", found)
	return nil
}

// list is the lines that the go command prints about the product.
func list(args ...string) ([]string, error) {
	c := exec.Command("go", args...)
	c.Dir, c.Stderr = stack.Root(), os.Stderr
	out, err := c.Output()
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), err
}

// run runs one target.
func run(pkg, target string, long time.Duration) error {
	c := exec.Command("go", "test", "-run=^$", "-fuzz=^"+target+"$", "-fuzztime="+long.String(), pkg)
	c.Dir, c.Stdout, c.Stderr = stack.Root(), os.Stdout, os.Stderr
	return c.Run()
}
