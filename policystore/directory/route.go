package directory

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A route is the set of links and directories on the way to a path: if one of them is
// replaced, the path leads elsewhere. They are grouped by the directory that contains them,
// whose own path has no link in it.
type route map[string][]string

// maxLinks is how many links in a row Linux follows.
const maxLinks = 40

// routeTo returns the links on the way to dir, which may be anywhere in its path
// (git-sync's link to the current worktree, and the policies in a folder of it), and the
// path that it ends at. It follows links as the system does: ".." after a link is the
// parent of the link's target.
func routeTo(dir string) route {
	r := route{}
	add := func(path string) {
		parent := filepath.Dir(path)
		if !slices.Contains(r[parent], path) {
			r[parent] = append(r[parent], path)
		}
	}
	at, rest, links := "/", dir, 0
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		next := filepath.Join(at, name) // at has no links, so that cleaning it is safe
		info, err := os.Lstat(next)
		if err != nil {
			at = filepath.Join(next, rest)
			break // it was removed; the next event follows the route again
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		add(next)
		target, err := os.Readlink(next)
		if links++; err != nil || links == maxLinks {
			at = next
			break
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = target + "/" + rest
	}
	add(at)
	return r
}
