package policytest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds a file of tests, in bytes.
const maxFile = 1 << 20

// Load reads the tests of a policy directory, in the order of files and lines.
// None at all is an error: a check that checks nothing passes for ever. Errors
// name file, line and remedy.
func Load(dir string) ([]*Test, error) {
	files, err := find(dir)
	if err != nil {
		return nil, err
	}
	var all []*Test
	for _, f := range files {
		text, err := readFile(f.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		tests, err := Parse(f.name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, tests...)
	}
	if len(all) == 0 {
		return nil, errors.New("no policy tests; write some into tests/NAME.yaml")
	}
	return all, nil
}

// testFile is a file of tests: where it is, and what it is called.
type testFile struct{ path, name string }

// find lists the files of tests: those in tests/ and, where a file name cannot
// hold a slash, those that begin with "tests..".
func find(dir string) ([]testFile, error) {
	var files []testFile
	for _, folder := range []struct{ path, prefix string }{{filepath.Join(dir, "tests"), ""}, {dir, "tests.."}} {
		entries, err := os.ReadDir(folder.path)
		if err != nil && !(folder.prefix == "" && errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
		for _, e := range entries {
			name, found := strings.CutPrefix(e.Name(), folder.prefix)
			if found && strings.HasSuffix(name, ".yaml") && !strings.HasPrefix(name, ".") {
				files = append(files, testFile{filepath.Join(folder.path, e.Name()), "tests/" + name})
			}
		}
	}
	slices.SortFunc(files, func(a, b testFile) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(files); i++ {
		if files[i].name == files[i-1].name {
			return nil, fmt.Errorf("%s stands for %s, which is there as well; keep one", files[i].path, files[i].name)
		}
	}
	return files, nil
}

// readFile reads a regular file.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d MiB; split it", maxFile>>20)
	}
	return text, err
}
