package formats

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// flat replaces every slash by "..", as in the keys of a ConfigMap.
func flat(files map[string]string) map[string]string {
	return renamed(files, func(path string) string { return strings.ReplaceAll(path, "/", "..") })
}

// mixed replaces some slashes by "..".
func mixed(r *rand.Rand, files map[string]string) map[string]string {
	return renamed(files, func(path string) string {
		parts := strings.Split(path, "/")
		for i := range parts[1:] {
			parts[i] += []string{"/", ".."}[r.IntN(2)]
		}
		return strings.Join(parts, "")
	})
}

func renamed(files map[string]string, rename func(string) string) map[string]string {
	all := map[string]string{}
	for path, text := range files {
		all[rename(path)] = text
	}
	return all
}

// put writes files below a folder, in random order and with random permissions.
func put(dir string, files map[string]string) error {
	for path, text := range files {
		path = filepath.Join(dir, path)
		mode := []fs.FileMode{0o444, 0o600, 0o644, 0o755}[len(text)%4]
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			return err
		}
	}
	return nil
}

// mount writes files as the kubelet mounts a volume: in a folder for their generation, to which
// "..data" links. Each name is a link through "..data".
func mount(dir string, files map[string]string) error {
	const generation, data = "..2026_11_22_12_00_00.1", "..data"
	if err := errors.Join(put(filepath.Join(dir, generation), files), os.Symlink(generation, filepath.Join(dir, data))); err != nil {
		return err
	}
	names := map[string]bool{}
	for path := range files {
		first, _, _ := strings.Cut(path, "/")
		names[first] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := os.Symlink(filepath.Join(data, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
