package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// What the edit to try replaces in bob's policy, and by what.
const (
	before = `"ecr:BatchGetImage"`
	after  = `"ecr:*"`
)

// lesson is the policy file that the commands edit. It is the file of the
// checkout, so that it is put back at the end if only that edit was made.
type lesson struct {
	file     string
	original []byte
}

func newLesson(policies string) (*lesson, error) {
	file, err := filepath.Abs(filepath.Join(policies, "managed", "team-pull.json"))
	if err != nil {
		return nil, err
	}
	original, err := os.ReadFile(file)
	if err == nil && !bytes.Contains(original, []byte(before)) {
		err = fmt.Errorf("%s has no %s, so that there is nothing to try; put it back with git checkout", file, before)
	}
	return &lesson{file, original}, err
}

// end undoes the edit, and leaves any other alone.
func (l *lesson) end(out io.Writer) {
	edited := bytes.ReplaceAll(l.original, []byte(before), []byte(after))
	if now, err := os.ReadFile(l.file); err != nil || !bytes.Equal(now, edited) {
		return
	}
	if err := os.WriteFile(l.file, l.original, 0o644); err != nil {
		fmt.Fprintln(out, "the edit is still in place:", err)
		return
	}
	fmt.Fprintf(out, "Put %s back as it was\n", l.file)
}
