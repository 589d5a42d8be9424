package policystore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A tree is the content of a policy directory at one moment: file contents by
// slash-separated path. It is immutable.
type tree struct {
	content map[string][]byte
	paths   []string // in order
	digest  string
	names   diskNames
	listing *listing // what it was read from
}

func newTree(content map[string][]byte) *tree {
	t := &tree{content: content, paths: slices.Sorted(maps.Keys(content))}
	t.digest = t.sum()
	return t
}

// sum is a SHA-256 over paths and contents, each led by its length, in the
// order of the paths: equal trees have equal digests on every machine.
func (t *tree) sum() string {
	h := sha256.New()
	part := func(s []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write(s)
	}
	for _, p := range t.paths {
		part([]byte(p))
		part(t.content[p])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// errMoved reports that files changed while they were read.
var errMoved = errors.New("the files keep changing while they are read; write them once and let them rest")

// readTree reads the directory so that no two generations of its files mix: it
// resolves the links that swap whole directories once, and reads again where
// the files were not the same before and after. Where known is an earlier tree of
// the directory, files whose stamps are the same still are not read again.
func readTree(dir string, known *tree) (t *tree, err error) {
	for attempt := range 5 {
		if attempt > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		t, err = readOnce(dir, known)
		if err == nil || !errors.Is(err, errMoved) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return t, err
}

func readOnce(dir string, known *tree) (*tree, error) {
	root, err := resolveRoot(dir)
	if err != nil {
		return nil, err
	}
	if known != nil && known.listing.root != root {
		known = nil // it calls its files by where they stand below another root
	}
	before, err := scan(root, known.listed())
	if err != nil {
		return nil, err
	}
	t, err := readFiles(before, known)
	if err != nil {
		return nil, err
	}
	after, err := scan(root, before)
	if err != nil {
		return nil, err
	}
	// A directory that was swapped away is soon removed, file by file: what was
	// read counts only if it is still the one in place.
	now, err := resolveRoot(dir)
	if err != nil {
		return nil, err
	}
	if now != root || !maps.Equal(before.files, after.files) {
		return nil, fmt.Errorf("%s: %w", dir, errMoved)
	}
	return t, nil
}

// share takes over the texts of an earlier tree that are the same, which are in use
// by what they were compiled into, so that each is in memory once.
func (t *tree) share(earlier *tree) {
	if earlier == nil {
		return
	}
	for path, text := range t.content {
		if other := earlier.content[path]; bytes.Equal(other, text) && other != nil {
			t.content[path] = other
		}
	}
}

// listed is what the tree was read from, nil for no tree.
func (t *tree) listed() *listing {
	if t == nil {
		return nil
	}
	return t.listing
}

// policyTests is the form of the paths of policy tests. They decide nothing, and
// so are no part of the tree and its digest.
var policyTests = regexp.MustCompile(`^tests/[A-Za-z0-9+=,.@_-]{1,128}\.yaml$`)

// readFiles reads what was listed, but for what known has of it.
func readFiles(l *listing, known *tree) (*tree, error) {
	content, names := make(map[string][]byte, len(l.files)), diskNames{}
	for _, path := range slices.Sorted(slices.Values(l.order)) {
		onDisk := nameBelow(l.root, path)
		name := strings.ReplaceAll(onDisk, "..", "/")
		if strings.HasPrefix(name, "tests/") && policyTests.MatchString(name) {
			continue
		}
		if isHidden(name) {
			return nil, fmt.Errorf("%s: stands for %s, in which a name begins with a dot, and such names are skipped; mend its name, or remove it", onDisk, name)
		}
		if _, twice := content[name]; twice {
			return nil, fmt.Errorf("%s: stands for the same file as %s; keep one", onDisk, names.of(name))
		}
		if known != nil && known.listing.has(path, l.files[path]) {
			content[name] = known.content[name]
		} else if text, err := readFile(path, l.files[path]); err != nil {
			return nil, unreadable(onDisk, err)
		} else {
			content[name] = text
		}
		if onDisk != name {
			names[name] = onDisk
		}
	}
	t := newTree(content)
	t.names, t.listing = names, l
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
