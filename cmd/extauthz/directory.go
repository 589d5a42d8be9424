package main

import (
	"fmt"
	"strings"

	"extauthz/decision"
	"extauthz/policystore"
)

// loadDirectory compiles a policy directory to ask it something. Its error begins
// with the directory.
func loadDirectory(dir string) (*policystore.Snapshot, error) {
	snapshot, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	return snapshot, inDirectory(dir, err)
}

// inDirectory lets an error of loading a directory begin with the directory: that of
// a file has its path below it, and that of the directory itself names it already.
func inDirectory(dir string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), dir+":") {
		return err
	}
	return fmt.Errorf("%s: %w", dir, err)
}
