package schemas

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

// suffix is what the names of files have behind those of schemas.
const suffix = ".schema.json"

// Folder is where a policy directory keeps its schemas. The loader passes over
// names with a leading dot.
const Folder = ".schemas"

// Names lists the schemas in order.
func Names() []string {
	return []string{"registries", "principals", "organization", "tests", "policy", "tags"}
}

// Text is the schema of that name. The error names those that there are.
func Text(name string) (string, error) {
	text, err := files.ReadFile(name + suffix)
	if err != nil {
		return "", fmt.Errorf("no schema %q; name one of %s", name, strings.Join(Names(), ", "))
	}
	return string(text), nil
}

// Path is where a policy directory has the schema of that name.
func Path(name string) string { return Folder + "/" + name + suffix }

// Line is the comment by which the YAML language server finds the schema of a file
// in a policy directory, and a line break.
func Line(name, file string) string {
	up := strings.Repeat("../", strings.Count(file, "/"))
	return "# yaml-language-server: $schema=" + up + Path(name) + "\n"
}
