package directory

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// A listing is what a directory tree holds, not yet read. Links to files count as
// the files.
type listing struct {
	root        string
	name        string // what errors call the root
	layout      Layout
	begun       time.Time
	files       map[string]stamp     // by absolute path
	order       []string             // the paths of the files as they were come by
	directories map[string]directory // likewise, the root among them
}

// A directory is what one directory of a listing holds.
type directory struct {
	stamp
	entries []fs.DirEntry
}

// scan lists the tree below root, which errors call by name. Names with a leading dot are skipped; a link
// to a file counts as the file; what is neither file nor directory is an error.
// Where known is an earlier listing, a directory that is the same still is not
// read again. With an error it returns what was listed before.
func scan(root, name string, layout Layout, known *listing) (*listing, error) {
	l := &listing{root: root, name: name, layout: layout, begun: time.Now(), files: map[string]stamp{}, directories: map[string]directory{}}
	size := int64(0)
	return l, l.walk(root, known, &size)
}

func (l *listing) walk(path string, known *listing, size *int64) error {
	if len(l.directories) == maxFiles {
		return fmt.Errorf("%s: the policy directory holds more than %d folders; remove what is no policy", l.nameOf(path), maxFiles)
	}
	entries, err := l.enter(path, known)
	if err != nil {
		return unreadable(l.nameOf(path), err)
	}
	for _, e := range entries {
		below := strings.TrimSuffix(path, "/") + "/" + e.Name()
		name := l.nameOf(below)
		switch {
		case strings.HasPrefix(e.Name(), "."):
			continue
		case printable(e.Name()) != e.Name():
			return fmt.Errorf("%s: the name holds what cannot be printed; fix it, or remove the file", printable(name))
		case e.IsDir() && l.layout.IsFile(name):
			return fmt.Errorf("%s: a directory; put a file of that name there, or remove it", name)
		case e.IsDir():
			err = l.walk(below, known, size)
		default:
			err = l.add(below, name, size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enter adds a directory and returns what is in it.
func (l *listing) enter(path string, known *listing) ([]fs.DirEntry, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	d := directory{stamp: stampOf(info)}
	if before, same := known.directory(path, d.stamp); same {
		d.entries = before.entries
	} else if d.entries, err = os.ReadDir(path); err != nil {
		return nil, err
	}
	l.directories[path] = d
	return d.entries, nil
}

// add adds a file, unless it is not part of the tree: the limits do not apply to what
// is not read. size is that of all until now.
func (l *listing) add(path, name string, size *int64) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return unreadable(name, err)
	case info.Mode().IsRegular() && l.layout.Skips(slashed(name)):
		return nil
	}
	*size += info.Size()
	l.files[path] = stampOf(info)
	l.order = append(l.order, path)
	return l.layout.checkFile(name, info, *size, len(l.files))
}

// directory returns the directory of that path as it was listed, and whether it is
// the same still.
func (l *listing) directory(path string, now stamp) (directory, bool) {
	if l == nil {
		return directory{}, false
	}
	d, found := l.directories[path]
	return d, found && d.stamp.still(now, l.begun)
}

// has tells whether the file of that path is still the one that was listed.
func (l *listing) has(path string, now stamp) bool {
	before, found := l.files[path]
	return found && before.still(now, l.begun)
}
