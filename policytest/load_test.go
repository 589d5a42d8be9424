package policytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneTest = "tests:\n- {name: a, anonymous: true, request: GET /v2/, expect: unauthenticated}\n"

// directory writes files by their slash-separated paths.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // the files of the tests, or the error
	}{
		{"in order", map[string]string{"tests/b.yaml": oneTest, "tests/a.yaml": oneTest}, "tests/a.yaml tests/b.yaml"},
		{"flat", map[string]string{"tests..b.yaml": oneTest, "tests/a.yaml": oneTest}, "tests/a.yaml tests/b.yaml"},
		{"dotted names are skipped", map[string]string{"tests/.b.yaml": oneTest, "tests/a.yaml": oneTest, ".tests..c.yaml": oneTest}, "tests/a.yaml"},
		{"no tests", map[string]string{"registries.yaml": ""}, "tests: the directory contains no policy tests; write some into tests/NAME.yaml"},
		{"a file with two names", map[string]string{"tests..a.yaml": oneTest, "tests/a.yaml": oneTest}, "tests..a.yaml: means the same file as tests/a.yaml; keep one"},
		{"broken", map[string]string{"tests/a.yaml": "tests: ["}, "tests/a.yaml:1:8: not valid YAML; "},
		{"large", map[string]string{"tests/a.yaml": strings.Repeat(" ", maxFile+1)}, "tests/a.yaml: larger than 1 MiB; split it"},
		{"a folder", map[string]string{"tests/a.yaml/b.yaml": oneTest}, "tests/a.yaml: not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tests, err := Load(directory(t, c.files))
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			var files []string
			for _, test := range tests {
				files = append(files, test.File)
			}
			if got := strings.Join(files, " "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("Load accepts a directory that does not exist")
	}
}
