package accesskey

import (
	"errors"
	"io"
	"os"

	"extauthz/diag"
)

// Append appends the line of a key to a file, which it creates if it does not exist, so that
// only its owner can read it. An existing file must be a correct one, and keeps its mode.
func Append(path string, k Key) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return diag.Problemf("%s is not a regular file", path).WithRemedy("remove it")
	}
	before, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if _, err := ParseFile(path, before); err != nil {
		return err
	}
	line := k.ID + ":" + k.Secret + "\n"
	if n := len(before); n > 0 && before[n-1] != '\n' {
		line = "\n" + line
	}
	_, err = f.WriteString(line) // one write, so that a reader sees the whole line
	return err
}
