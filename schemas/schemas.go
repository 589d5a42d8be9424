package schemas

import (
	"embed"
	"fmt"
	"strings"

	"extauthz/diag"
)

//go:embed *.schema.json
var files embed.FS

// suffix is the suffix of the names of schema files.
const suffix = ".schema.json"

// Folder is the folder of the schemas in a policy directory. The loader skips names with a
// leading dot.
const Folder = ".schemas"

// Names returns the names of the schemas in order.
func Names() []string { return append(PolicyFiles(), "decision-log") }

// PolicyFiles returns the names of the schemas of the files of a policy directory.
func PolicyFiles() []string {
	return []string{"registries", "principals", "organization", "upstreams", "tests", "policy", "tags"}
}

// Text returns the schema with a name.
func Text(name string) (string, error) {
	text, err := files.ReadFile(name + suffix)
	if err != nil {
		return "", diag.Problemf("schema %q does not exist", name).WithRemedy(fmt.Sprintf("give one of %s", strings.Join(Names(), ", ")))
	}
	return string(text), nil
}

// Path returns the path of a schema in a policy directory.
func Path(name string) string { return Folder + "/" + name + suffix }

// Line returns a comment that refers the YAML language server to the schema of a file in
// a policy directory, with a line break.
func Line(name, file string) string {
	up := strings.Repeat("../", strings.Count(file, "/"))
	return "# yaml-language-server: $schema=" + up + Path(name) + "\n"
}
