package images

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Place is a file or folder of this machine with its name in an archive. Without From it is an
// empty folder that every user can write to.
type Place struct{ From, To string }

// Archive returns a tar stream of the places, whose files belong to root. Every user can read them,
// and run those that their owner can run. The stream depends on nothing else, such as times. The
// caller reads it to its end or closes it.
func Archive(places []Place) io.ReadCloser {
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

// addTree writes a file, or a folder with everything below it. It follows a link at the top,
// because the Go of some distributions has those.
func addTree(out *tar.Writer, p Place) error {
	if p.From == "" {
		return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: p.To + "/", Mode: 0o1777})
	}
	top, err := filepath.EvalSymlinks(p.From)
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
		return addFile(out, file, path.Join(p.To, filepath.ToSlash(inside)))
	})
}

// addFile writes one file, or one folder without its content.
func addFile(out *tar.Writer, file, name string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o644}
	if info.Mode().Perm()&0o100 != 0 {
		header.Mode = 0o755
	}
	if info.IsDir() {
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return out.WriteHeader(header)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", file)
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
