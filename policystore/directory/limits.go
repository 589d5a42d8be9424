package directory

import (
	"fmt"
	"io/fs"
)

// A Layout is what a reader must know of the files of a directory, by their paths.
type Layout struct {
	MaxSize  func(path string) int64 // the largest size of a file, in bytes
	MaxTotal int64                   // the largest size of all files together, in bytes; 0 is 256 MiB, which is also the most
	Skips    func(path string) bool  // whether a file is no part of the tree
	IsFile   func(path string) bool  // whether a directory of that path is an error: as a file, an empty one would be missed
}

// Limits of a directory as a whole. They are far above what a registry needs and keep
// a wrong path (a home directory, a device) from taking the process down.
const (
	maxTreeSize = 256 << 20 // bytes
	maxFiles    = 100_000   // and as many folders
)

// checkFile refuses a file that is none, is too large, or is one too many. size and
// files are those of all until now.
func (layout Layout) checkFile(name string, info fs.FileInfo, size int64, files int) error {
	limit := layout.MaxSize(slashed(name))
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file; remove it from the policy directory", name)
	case info.Size() > limit:
		return fmt.Errorf("%s: larger than %d MiB; remove it, or split what it holds among several files", name, limit>>20)
	case layout.MaxTotal > 0 && size > layout.MaxTotal:
		return fmt.Errorf("%s: the policy directory holds more than %d bytes, all the memory that loading it may use; remove what is not a policy, raise --load-memory, or divide the registries among several sidecars", name, layout.MaxTotal)
	case size > maxTreeSize:
		return fmt.Errorf("%s: the policy directory holds more than %d MiB; remove what is no policy, or divide the registries among several directories", name, maxTreeSize>>20)
	case files > maxFiles:
		return fmt.Errorf("%s: the policy directory holds more than %d files; remove what is no policy, or divide the registries among several directories", name, maxFiles)
	}
	return nil
}
