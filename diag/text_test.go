package diag

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// naivePoint counts lines and columns from the beginning of the text.
func naivePoint(start Point, text []byte, offset int) Point {
	p := start
	for _, c := range string(text[:offset]) {
		if p.Column++; c == '\n' {
			p.Line, p.Column = p.Line+1, 1
		}
	}
	return p
}

// FuzzPoint compares the points of two offsets, in either order, with those that are
// counted from the beginning.
func FuzzPoint(f *testing.F) {
	f.Add([]byte("a\nbé\r\n\nc"), uint16(6), uint16(3), 4, 9)
	f.Add([]byte("\n\n"), uint16(1), uint16(2), 1, 1)
	f.Add([]byte(""), uint16(0), uint16(0), 1, 1)
	f.Fuzz(func(t *testing.T, text []byte, first, second uint16, line, column int) {
		start := Point{Line: int32(1 + line&0xff), Column: int32(1 + column&0xff)}
		r := NewText(File("a"), start, text)
		for _, offset := range []uint16{first, second, first} {
			at := int(offset) % (len(text) + 1)
			if !utf8.Valid(text[:at]) {
				continue // naivePoint may count half a character differently
			}
			if got, want := r.Position(at), File("a").At(naivePoint(start, text, at)); got != want {
				t.Errorf("offset %d of %q: %v, want %v", at, text, got, want)
			}
		}
	})
}

// FuzzCheck checks that Check and CheckCharacters accept exactly the texts without a byte
// or character that they exclude, and that an error has the position of the first one.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"", "a\tb\r\n", "a\nb\x00", "é\xff", "\ufeffa", "\xff\xfea\x00", "\xfe\xff\x00a", "a\ufeff", "\xed\xa0\x80", "\x7f\u0085", "\ufffd"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		isControl := func(c rune) bool { return c < ' ' && !strings.ContainsRune("\t\n\r", c) }
		first := bytes.IndexFunc(text, isControl)
		for i, c := range string(text) {
			if _, width := utf8.DecodeRune(text[i:]); c == utf8.RuneError && width == 1 && (first < 0 || i < first) {
				first = i
			}
		}
		for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\ufeff"} {
			if bytes.HasPrefix(text, []byte(mark)) {
				first = 0
			}
		}
		r := NewFileText("a", text)
		wantAt(t, text, r.Check(), first)
		if first < 0 {
			wantAt(t, text, r.CheckCharacters("a.txt", unicode.IsUpper, "use lower case"), bytes.IndexFunc(text, unicode.IsUpper))
		}
	})
}

// wantAt fails the test unless err is at an offset; -1 means no error.
func wantAt(t *testing.T, text []byte, err error, offset int) {
	t.Helper()
	switch {
	case (err == nil) != (offset < 0):
		t.Errorf("%q: error %v, want one at offset %d", text, err, offset)
	case err != nil && Of(err)[0].Position != NewFileText("a", text).Position(offset):
		t.Errorf("%q: error %v, want it at offset %d", text, err, offset)
	}
}
