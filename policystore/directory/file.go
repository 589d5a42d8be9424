package directory

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// read reads the files that were listed, but for what known has of them.
func (l *listing) read(known *Tree) (*Tree, error) {
	texts, names := make(map[string][]byte, len(l.files)), Names{}
	for _, file := range slices.Sorted(slices.Values(l.order)) {
		onDisk := l.nameOf(file)
		path := slashed(onDisk)
		if isHidden(path) {
			return nil, fmt.Errorf("%s: stands for %s, in which a name begins with a dot, and such names are skipped; fix its name, or remove it", onDisk, path)
		}
		if _, twice := texts[path]; twice {
			return nil, fmt.Errorf("%s: stands for the same file as %s; keep one", onDisk, names.Of(path))
		}
		if known != nil && known.listing.has(file, l.files[file]) {
			texts[path] = known.texts[path]
		} else if text, err := readFile(file, l.files[file]); err != nil {
			return nil, unreadable(onDisk, err)
		} else {
			texts[path] = text
		}
		if onDisk != path {
			names[path] = onDisk
		}
	}
	t := NewTree(texts)
	t.Names, t.listing = names, l
	return t, nil
}

// isHidden tells whether a name in a path begins with a dot. On disk those are
// skipped; what three dots in a flat name stand for would be in force.
func isHidden(path string) bool {
	return strings.HasPrefix(path, ".") || strings.Contains(path, "/.")
}

// maxWait bounds how long a file may keep a reader waiting.
const maxWait = 5 * time.Second

// readFile reads the regular file of that stamp. It opens without blocking, so that
// a named pipe put in the file's place cannot hang the process.
func readFile(path string, listed stamp) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || stampOf(info) != listed {
		return nil, errMoved
	}
	_ = f.SetReadDeadline(time.Now().Add(maxWait)) // works where it matters: files that wait for events, such as /proc/kmsg
	content, err := io.ReadAll(io.LimitReader(f, listed.size+1))
	if err == nil && int64(len(content)) != listed.size {
		err = errMoved
	}
	return content, err
}
