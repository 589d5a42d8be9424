package image

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// place is a file or folder of this machine and its name in the archive.
type place struct{ from, to string }

// archive is a tar stream of the places, whose files belong to root. Reading it
// to its end, or closing it, ends the writing.
func archive(places []place) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		for _, p := range places {
			if err := addTree(out, p); err != nil {
				w.CloseWithError(err)
				return
			}
		}
		w.CloseWithError(out.Close())
	}()
	return r
}

// addTree writes a file, or a folder with all below it. A link at its top is
// followed, as distributions have them in their Go.
func addTree(out *tar.Writer, p place) error {
	top, err := filepath.EvalSymlinks(p.from)
	if err != nil {
		return err
	}
	return filepath.WalkDir(top, func(file string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(top, file)
		if err != nil {
			return err
		}
		return addFile(out, file, path.Join(p.to, filepath.ToSlash(inside)))
	})
}

// addFile writes one file, or one folder without what is in it.
func addFile(out *tar.Writer, file, name string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm())}
	if info.IsDir() {
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return out.WriteHeader(header)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", file)
	}
	header.Size = info.Size()
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(out, from)
	return err
}
