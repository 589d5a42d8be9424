package directory

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
)

// Names tells what those files are called on disk, below the directory, that have
// another path in the tree: the flat form.
type Names map[string]string

// Of is what the file of that path is called on disk, below the directory.
func (names Names) Of(path string) string { return cmp.Or(names[path], path) }

// Tell lets an error that begins with the path of a file begin with what the file
// is called on disk, where the operator will look for it.
func (names Names) Tell(err error) error {
	if err == nil {
		return nil
	}
	if text := names.TellText(err.Error()); text != err.Error() {
		return &toldError{text, err}
	}
	return err
}

// TellText is Tell for a message.
func (names Names) TellText(message string) string {
	path, rest, _ := strings.Cut(message, ":")
	if names[path] == "" {
		return message
	}
	return names[path] + ":" + rest
}

// A toldError is an error in other words.
type toldError struct {
	text string
	err  error
}

func (e *toldError) Error() string { return e.text }
func (e *toldError) Unwrap() error { return e.err }

// slashed is the path that a name on disk stands for. Where a name cannot hold a
// slash, as the keys of a ConfigMap, it has two dots for it.
func slashed(onDisk string) string { return strings.ReplaceAll(onDisk, "..", "/") }

// nameOf returns what errors call the root, or a file or directory below it, with
// slashes.
func (l *listing) nameOf(path string) string {
	name, found := strings.CutPrefix(path, strings.TrimSuffix(l.root, "/")+"/")
	if !found || name == "" {
		return l.name
	}
	return name
}

// printable is a name as it is, or quoted where it would break the line of an
// error or show as something else.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted[1:len(quoted)-1] != name {
		return quoted
	}
	return name
}

// unreadable says why a file or directory cannot be read, and what to do.
func unreadable(name string, err error) error {
	if errors.Is(err, errMoved) {
		return fmt.Errorf("%s: %w", name, err)
	}
	if operation := (*fs.PathError)(nil); errors.As(err, &operation) {
		err = operation.Err
	}
	remedy := "see to it that it can be read"
	switch {
	case errors.Is(err, fs.ErrPermission):
		remedy = "let the user that extauthz runs as read it"
	case errors.Is(err, fs.ErrNotExist):
		remedy = "put it there, or fix or remove the link to it"
	case errors.Is(err, syscall.ELOOP):
		remedy = "the link leads back to itself: fix or remove it"
	case errors.Is(err, syscall.ENOTDIR):
		remedy = "name a directory"
	}
	return fmt.Errorf("%s: %w; %s", printable(name), err, remedy)
}
