package strictyaml

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The forms of what the YAML library says.
var (
	errorLine  = regexp.MustCompile(`line (\d+): (.*)`)
	wrongType  = regexp.MustCompile("^cannot unmarshal !!(\\w+)(?: `(.*)`)? into (.+)$")
	unknownKey = regexp.MustCompile(`^field (.*) not found in type .*$`)
)

// wrap turns an error of the YAML library into one line that names the place and
// says what to do.
func (f *File) wrap(err error) error {
	text := err.Error()
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		text = several.Errors[0]
	}
	place := f.name // the library names no line where it is the first or the whole
	if m := errorLine.FindStringSubmatch(text); m != nil {
		place, text = f.name+":"+m[1], m[2]
	}
	return fmt.Errorf("%s: %s", place, told(strings.TrimPrefix(text, "yaml: ")))
}

// told is what the library says, in the words of who writes the file.
func told(text string) string {
	if m := unknownKey.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("key %s is not known here; mend its name or remove it", m[1])
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		return toldType(m[1], m[2], m[3])
	}
	switch {
	case strings.Contains(text, "already defined"):
		return text + "; keep one of the two"
	case strings.Contains(text, "excessive aliasing"), strings.Contains(text, "contains itself"), strings.Contains(text, "unknown anchor"):
		return text + "; write the values out, without anchors"
	case strings.Contains(text, "cannot start any token"), strings.Contains(text, "tab character"):
		return "not YAML: " + text + "; indent with spaces, not tabs, and put what begins with @, ` or % between quotes"
	case strings.Contains(text, "control characters"):
		return "not YAML: " + text + "; remove them, or save the file again"
	}
	return "not YAML: " + text + "; mend the indentation, quotes and brackets here or in the lines above"
}

// kinds are the library's names of what may stand in a file.
var kinds = map[string]string{
	"str": "a string", "seq": "a list", "map": "a mapping of keys to values", "int": "a number", "float": "a number",
	"bool": "true or false", "null": "nothing", "timestamp": "a date", "binary": "bytes",
}

// toldType tells of a value that has another type than wanted, a type of Go.
func toldType(kind, value, wanted string) string {
	if value != "" {
		value = fmt.Sprintf(", %q,", value)
	}
	return fmt.Sprintf("%s%s stands here; write %s", kinds[kind], value, goKind(wanted))
}

// goKind is the name of what a type of Go is read from.
func goKind(wanted string) string {
	switch {
	case strings.HasPrefix(wanted, "[]"):
		return "a list"
	case wanted == "string":
		return "a string"
	case wanted == "bool":
		return "true or false"
	case strings.HasPrefix(wanted, "int"):
		return "a whole number"
	}
	return "a mapping of keys to values"
}
