package directory

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// waypoints are the paths whose replacement makes another path lead elsewhere, by
// the directories that hold them. No directory's path has a link in it.
type waypoints map[string][]string

// maxLinks is how many links in a row Linux follows.
const maxLinks = 40

// wayTo returns the links on the way to dir, which may be anywhere in its path
// (git-sync's link to the present worktree, and the policies in a folder of it), and
// where it ends. It follows links as the system does: ".." after a link is the parent
// of the link's target.
func wayTo(dir string) waypoints {
	way := waypoints{}
	pass := func(path string) {
		parent := filepath.Dir(path)
		if !slices.Contains(way[parent], path) {
			way[parent] = append(way[parent], path)
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
			break // removed: the next event looks again
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		pass(next)
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
	pass(at)
	return way
}
