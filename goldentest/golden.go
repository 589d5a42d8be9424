package goldentest

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Updating reports whether the flag -update is set.
func Updating() bool { return *update }

// Compare fails the test if the content of file is not got. With -update it writes got to
// file instead.
func Compare(t testing.TB, file, got string) {
	t.Helper()
	if *update {
		Write(t, file, got)
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; to write it, run go test -update", err)
	}
	if got == string(want) {
		return
	}
	line, gotLine, wantLine := difference(got, string(want))
	t.Errorf("%s:%d: got\n%s\nwant\n%s\nIf the change is intended, run go test -update. All of the output:\n%s", file, line, gotLine, wantLine, got)
}

// Write writes a golden file unless it already has this content.
func Write(t testing.TB, file, content string) {
	t.Helper()
	if old, err := os.ReadFile(file); err == nil && string(old) == content {
		return
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// difference returns the first line in which two texts differ, and its number. A line
// after the end of a text is "".
func difference(a, b string) (number int, lineOfA, lineOfB string) {
	linesOfA, linesOfB := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	for i := range max(len(linesOfA), len(linesOfB)) {
		lineOfA, lineOfB = "", ""
		if i < len(linesOfA) {
			lineOfA = linesOfA[i]
		}
		if i < len(linesOfB) {
			lineOfB = linesOfB[i]
		}
		if lineOfA != lineOfB {
			return i + 1, lineOfA, lineOfB
		}
	}
	return 0, "", ""
}
