package policystore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
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

// A tree is the content of a policy directory at one moment: file contents by
// slash-separated path.
type tree map[string][]byte

// paths returns the paths of the tree in order.
func (t tree) paths() []string { return slices.Sorted(maps.Keys(t)) }

// digest is a SHA-256 over paths and contents, each led by its length, in the
// order of the paths: equal trees have equal digests on every machine.
func (t tree) digest() string {
	h := sha256.New()
	part := func(s []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write(s)
	}
	for _, p := range t.paths() {
		part([]byte(p))
		part(t[p])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// errMoved reports that files changed while they were read.
var errMoved = errors.New("the files keep changing while they are read; write them once and let them rest")

// readTree reads the directory so that no two generations of its files mix: it
// resolves the links that swap whole directories once, and reads again where
// the files were not the same before and after.
func readTree(dir string) (t tree, names diskNames, err error) {
	for attempt := range 5 {
		if attempt > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		t, names, err = readOnce(dir)
		if err == nil || !errors.Is(err, errMoved) && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return t, names, err
}

func readOnce(dir string) (tree, diskNames, error) {
	root, err := resolveRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	before, err := scan(root)
	if err != nil {
		return nil, nil, err
	}
	t, names, err := readFiles(root, before)
	if err != nil {
		return nil, nil, err
	}
	after, err := scan(root)
	if err != nil {
		return nil, nil, err
	}
	// A directory that was swapped away is soon removed, file by file: what was
	// read counts only if it is still the one in place.
	now, err := resolveRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	if now != root || !maps.EqualFunc(before.files, after.files, sameFile) {
		return nil, nil, fmt.Errorf("%s: %w", dir, errMoved)
	}
	return t, names, nil
}

// resolveRoot follows the links by which a directory is swapped as a whole:
// the directory itself (git-sync), and "..data" in it (the volume of a
// ConfigMap or Secret).
func resolveRoot(dir string) (string, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", unreadable(dir, err)
	}
	volume := filepath.Join(root, volumeData)
	if _, err := os.Lstat(volume); errors.Is(err, fs.ErrNotExist) {
		return root, nil
	} else if err != nil {
		return "", unreadable(dir, err)
	}
	data, err := filepath.EvalSymlinks(volume)
	if err != nil {
		return "", unreadable(filepath.Join(dir, volumeData), err)
	}
	return data, checkVolume(root)
}

// volumeData is the link in the volume of a ConfigMap or Secret to the
// directory that holds its present files.
const volumeData = "..data"

// checkVolume refuses what stands in a volume beside its links into volumeData:
// it is not one of the volume's files, and would not be read.
func checkVolume(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return unreadable(root, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		target, err := os.Readlink(filepath.Join(root, e.Name()))
		if err != nil || !strings.HasPrefix(target, volumeData+"/") {
			return fmt.Errorf("%s: stands beside the files of a mounted volume, so it would not be in force; remove it, or give it a leading dot", printable(e.Name()))
		}
	}
	return nil
}

// A listing is what a directory tree holds, not yet read.
type listing struct {
	files       map[string]fs.FileInfo // by absolute path
	directories []string               // absolute, the root first
}

// scan lists the tree below root. Names with a leading dot are skipped; a link
// to a file counts as the file; what is neither file nor directory is an error.
func scan(root string) (listing, error) {
	l := listing{files: map[string]fs.FileInfo{}}
	size := int64(0)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := nameBelow(root, path)
		switch {
		case err != nil:
			return unreadable(name, err)
		case path != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case path != root && printable(d.Name()) != d.Name():
			return fmt.Errorf("%s: the name holds what cannot be printed; mend it, or remove the file", printable(name))
		case d.IsDir():
			l.directories = append(l.directories, path)
			return nil
		}
		info, err := os.Stat(path)
		if err != nil {
			return unreadable(name, err)
		}
		size += info.Size()
		l.files[path] = info
		return checkLimits(name, info, size, len(l.files))
	})
	return l, err
}

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

// policyTests is the form of the paths of policy tests. They decide nothing, and
// so are no part of the tree and its digest.
var policyTests = regexp.MustCompile(`^tests/[A-Za-z0-9+=,.@_-]{1,128}\.yaml$`)

func readFiles(root string, l listing) (tree, diskNames, error) {
	t, names := make(tree, len(l.files)), diskNames{}
	for _, path := range slices.Sorted(maps.Keys(l.files)) {
		onDisk := nameBelow(root, path)
		name := strings.ReplaceAll(onDisk, "..", "/")
		if policyTests.MatchString(name) {
			continue
		}
		if _, twice := t[name]; twice {
			return nil, nil, fmt.Errorf("%s: stands for the same file as %s; keep one", onDisk, names.of(name))
		}
		content, err := readFile(path)
		if err != nil {
			return nil, nil, unreadable(onDisk, err)
		}
		t[name] = content
		if onDisk != name {
			names[name] = onDisk
		}
	}
	return t, names, nil
}

// readFile reads a regular file. It opens without blocking, so that a named
// pipe put in the file's place cannot hang the process.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errMoved
	}
	content, err := io.ReadAll(io.LimitReader(f, sizeLimit(path)+1))
	if err == nil && int64(len(content)) != info.Size() {
		err = errMoved
	}
	return content, err
}

func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
