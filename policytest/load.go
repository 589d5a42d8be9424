package policytest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"extauthz/diag"
)

// maxFile is the largest size of a file of tests, in bytes.
const maxFile = 1 << 20

// Load reads the tests of a policy directory, in the order of files and lines. The error
// reports all faults. A directory without tests is an error, because a check without
// tests always passes.
func Load(dir string) ([]*Test, error) {
	files, err := find(dir)
	if err != nil {
		return nil, err
	}
	var all []*Test
	var faults diag.Faults
	for _, f := range files {
		text, err := readFile(f.path)
		if err != nil {
			faults.Add(diag.Wrap(diag.File(f.name).At(diag.Point{}), "", err))
			continue
		}
		tests, err := Parse(f.name, text)
		faults.Add(err)
		all = append(all, tests...)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fileFault("tests", "the directory contains no policy tests", "write some into tests/NAME.yaml")
	}
	return all, nil
}

// fileFault returns the diagnostic of a fault in a whole file.
func fileFault(name, problem, remedy string) diag.Diagnostic {
	return diag.New(diag.File(name).At(diag.Point{}), problem, remedy)
}

// testFile is a file of tests: its path, and its name in errors.
type testFile struct{ path, name string }

// find lists the files of tests: those in tests/, and those whose name begins with
// "tests..", for directories in which names cannot contain a slash.
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
			return nil, fileFault(filepath.Base(files[i].path), "means the same file as "+files[i].name, "keep one")
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
		err = diag.Problemf("larger than %d MiB", maxFile>>20).WithRemedy("split it")
	}
	return text, err
}
