package policystore

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// Limits of a policy directory, in bytes. They are far above what a registry needs
// and keep a wrong path (a home directory, a device) from taking the process down.
const (
	maxFileSize   = 1 << 20  // of a file with a name of its own, such as a policy
	maxListSize   = 16 << 20 // of one that lists what the operator writes: principals.yaml
	maxOutputSize = 64 << 20 // of one that lists what an account or registry has
	maxTreeSize   = 256 << 20
	maxFiles      = 100_000
)

// sizeLimit is the largest size of a file, by its name alone: in the flat form
// that begins behind the last two dots.
func sizeLimit(file string) int64 {
	name := filepath.Base(file)
	if dots := strings.LastIndex(name, ".."); dots >= 0 {
		name = name[dots+len(".."):]
	}
	switch name {
	case authorizationFile, inventoryName:
		return maxOutputSize
	case "principals.yaml", "registries.yaml", "htpasswd":
		return maxListSize
	}
	return maxFileSize
}

// checkLimits refuses a file that is none, is too large, or is one too many.
func checkLimits(name string, info fs.FileInfo, size int64, files int) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file; remove it from the policy directory", name)
	case info.Size() > sizeLimit(name):
		return fmt.Errorf("%s: larger than %d MiB; remove it, or split what it holds among several files", name, sizeLimit(name)>>20)
	case size > maxTreeSize:
		return fmt.Errorf("%s: the policy directory holds more than %d MiB; remove what is no policy, or divide the registries among several directories", name, maxTreeSize>>20)
	case files > maxFiles:
		return fmt.Errorf("%s: the policy directory holds more than %d files; remove what is no policy, or divide the registries among several directories", name, maxFiles)
	}
	return nil
}
