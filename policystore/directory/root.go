package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

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
		switch {
		case err != nil || !strings.HasPrefix(target, volumeData+"/"):
			return fmt.Errorf("%s: stands beside the files of a mounted volume, so it would not be in force; remove it, or give it a leading dot", printable(e.Name()))
		case target != volumeData+"/"+e.Name():
			return fmt.Errorf("%s: links to %s, and in a mounted volume each link has the name of what it leads to, which alone is in force; remove it", printable(e.Name()), printable(target))
		}
	}
	return nil
}
