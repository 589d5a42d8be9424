package directory

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// waypoints are the paths whose replacement makes another path lead elsewhere, by
// the directories that hold them. No directory's path has a link in it.
type waypoints map[string][]string

// maxLinks is how many links in a row Linux follows.
const maxLinks = 40

// wayTo returns the links on the way to dir, which may stand anywhere in its path
// (git-sync's link to the present worktree, and the policies in a folder of it), and
// where it ends.
func wayTo(dir string) waypoints {
	way := waypoints{}
	pass := func(path string) {
		parent := filepath.Dir(path)
		way[parent] = append(way[parent], path)
	}
	for range maxLinks {
		link, rest := firstLink(dir)
		if link == "" {
			break
		}
		pass(link)
		target, err := os.Readlink(link)
		if err != nil {
			break // gone since: the next event looks again
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(link), target)
		}
		dir = filepath.Join(target, rest)
	}
	pass(dir)
	return way
}

// firstLink is the first link in an absolute path, and what stands behind it; ""
// where there is none.
func firstLink(path string) (link, rest string) {
	for end := 1; end < len(path); end++ {
		if slash := strings.IndexByte(path[end:], filepath.Separator); slash >= 0 {
			end += slash
		} else {
			end = len(path)
		}
		info, err := os.Lstat(path[:end])
		if err != nil {
			return "", ""
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return path[:end], path[end:]
		}
	}
	return "", ""
}
