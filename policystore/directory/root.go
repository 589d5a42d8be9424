package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// absolute returns an absolute path of dir, so that each directory below it has one name
// for every path that the operator can give. The path is not cleaned: if link is a
// symbolic link, link/.. is the parent of the link's target, and [filepath.Clean] would
// remove both. Without a working directory it returns dir.
func absolute(dir string) string {
	if dir == "" || filepath.IsAbs(dir) {
		return dir
	}
	here, err := os.Getwd()
	if err != nil {
		return dir
	}
	return strings.TrimSuffix(here, "/") + "/" + dir
}

// rootName is the name of the directory itself in errors, in which all names are relative
// to it.
const rootName = "."

// resolveRoot follows the links by which a directory is swapped as a whole: the
// directory itself (git-sync), and "..data" in it (the volume of a ConfigMap or Secret).
func resolveRoot(dir string) (string, error) {
	root, err := followLinks(dir)
	if err != nil {
		return "", unreadable(rootName, err)
	}
	volume := filepath.Join(root, volumeData)
	if _, err := os.Lstat(volume); errors.Is(err, fs.ErrNotExist) {
		return root, nil
	} else if err != nil {
		return "", unreadable(rootName, err)
	}
	data, err := followLinks(volume)
	if err != nil {
		return "", unreadable(volumeData, err)
	}
	return data, checkVolume(root)
}

// followLinks is filepath.EvalSymlinks with the error of the operating system, which has
// a code for a link to itself.
func followLinks(path string) (string, error) {
	followed, err := filepath.EvalSymlinks(path)
	if err != nil {
		if _, cause := os.Stat(path); cause != nil {
			err = cause
		}
	}
	return followed, err
}

// volumeData is the link in the volume of a ConfigMap or Secret to the directory with
// the current files.
const volumeData = "..data"

// checkVolume returns an error about what a volume contains in addition to its links into
// volumeData: it does not belong to the volume, and would not be read.
func checkVolume(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return unreadable(rootName, err)
	}
	var found faults
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		target, err := os.Readlink(filepath.Join(root, e.Name()))
		switch {
		case err != nil || !strings.HasPrefix(target, volumeData+"/"):
			found.add(fault(printable(e.Name()), "is next to the files of a mounted volume, so its content would have no effect", "remove it, or give it a leading dot"))
		case target != volumeData+"/"+e.Name():
			found.add(fault(printable(e.Name()), fmt.Sprintf("links to %s, but in a mounted volume each link must have the name of its target", printable(target)), "remove it"))
		}
	}
	return found.err()
}
