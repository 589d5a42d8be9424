package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestLesson(t *testing.T) {
	const original = `{"Action": ["ecr:BatchGetImage"]}`
	for _, c := range []struct{ name, now, want string }{
		{"the edit is undone", `{"Action": ["ecr:*"]}`, original},
		{"another edit is left alone", `{"Action": ["ecr:*", "s3:*"]}`, `{"Action": ["ecr:*", "s3:*"]}`},
		{"no edit", original, original},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "managed", "team-pull.json")
			write := func(text string) {
				t.Helper()
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			write(original)
			l, err := newLesson(dir)
			if err != nil {
				t.Fatal(err)
			}
			write(c.now)
			l.end(io.Discard)
			if got, err := os.ReadFile(file); err != nil || string(got) != c.want {
				t.Errorf("the file is %s (%v), want %s", got, err, c.want)
			}
		})
	}
	if _, err := newLesson(t.TempDir()); err == nil {
		t.Error("a directory without the policy is accepted")
	}
}
