package policystore

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"extauthz/policystore/directory"
)

// checkTexts refuses files that are not UTF-8 text: what one program reads in them
// another may not. Certificates may have comments in any encoding between them.
func checkTexts(t *directory.Tree) error {
	for _, file := range t.Paths {
		if strings.HasPrefix(file, "ca/") {
			continue
		}
		if at, wrong := notText(t.Text(file)); wrong != "" {
			line := 1 + bytes.Count(t.Text(file)[:at], []byte("\n"))
			column := 1 + utf8.RuneCount(t.Text(file)[bytes.LastIndexByte(t.Text(file)[:at], '\n')+1:at])
			return fmt.Errorf("%s:%d:%d: %s", file, line, column, wrong)
		}
	}
	return nil
}

// notText returns where a text is not plain UTF-8, and what is wrong there with
// its remedy; "" for one that is.
func notText(text []byte) (at int, wrong string) {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return 0, "the file is UTF-16; save it as UTF-8"
	case bytes.HasPrefix(text, []byte("\ufeff")):
		return 0, "the file begins with a byte order mark; save it as UTF-8 without one"
	}
	for at = 0; at < len(text); at++ {
		switch c := text[at]; {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			return at, fmt.Sprintf("the control character %U is no text; remove it, or restore the file", c)
		case c >= utf8.RuneSelf:
			_, width := utf8.DecodeRune(text[at:])
			if width == 1 {
				return at, "this byte is not UTF-8; save the file as UTF-8"
			}
			at += width - 1
		}
	}
	return 0, ""
}
