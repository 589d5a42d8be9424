package scaffold

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"extauthz/schemas"
)

//go:embed templates
var templates embed.FS

// Files returns the contents of the files of the directory by slash-separated path. The
// error names the option that is wrong.
func (o *Options) Files() (map[string]string, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for path, from := range o.sources() {
		text, err := o.render(from)
		if err != nil {
			return nil, err
		}
		if name, ok := schemaOf(path); ok {
			text = schemas.Line(name, path) + text
		}
		files[path] = text
	}
	return files, addSchemas(files)
}

// schemaOf returns the name of a YAML file's schema. ok is false for other files, which
// cannot contain a comment with it.
func schemaOf(path string) (name string, ok bool) {
	name, ok = strings.CutSuffix(path, ".yaml")
	if strings.HasPrefix(name, "tests/") {
		name = "tests"
	}
	return name, ok
}

// addSchemas adds the schemas for editors.
func addSchemas(files map[string]string) error {
	for _, name := range schemas.PolicyFiles() {
		text, err := schemas.Text(name)
		if err != nil {
			return err
		}
		files[schemas.Path(name)] = text
	}
	return nil
}

// sources returns the template file of each file.
func (o *Options) sources() map[string]string {
	from := map[string]string{}
	same := func(paths ...string) {
		for _, path := range paths {
			if path != "" {
				from[path] = path
			}
		}
	}
	same("registries.yaml", "principals.yaml", "managed/login.json", "tests/login.yaml")
	for _, r := range o.Repositories {
		same(r.Template.managedFile(), "tests/"+string(r.Template)+".yaml")
		if r.Template == PushPull {
			same("trust/ci.json", "tests/ci.yaml")
		}
		folder := "accounts/" + o.Account + "/" + o.Region + "/repositories/" + r.Name + "/"
		if file := r.Template.policyFile(); file != "" {
			from[folder+"_policy.json"] = file
		}
		if r.Template == Tagged {
			from[folder+"_tags.json"] = "repository/tags.json"
		}
	}
	return from
}

// render returns the text of a template file with the values of its placeholders. JSON is
// indented again, because lists in it are written in one line.
func (o *Options) render(name string) (string, error) {
	source, err := templates.ReadFile("templates/" + name)
	if err != nil {
		return "", err
	}
	text := fill(string(source), o.placeholders())
	if !strings.HasSuffix(name, ".json") {
		return text, nil
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(text), "", "  "); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return indented.String(), nil
}

// separator is the line between the blocks of a template file.
const separator = "---\n"

// fill writes each block of a template file once for each combination of the values of the
// placeholders in it. So a block with a placeholder that has no value is left out.
//
// This is less than text/template does, on purpose: a program that contains text/template
// keeps every exported method of its types, because a template may call it. The linker
// removes methods that are not called only from other programs.
func fill(source string, placeholders []placeholder) string {
	var text strings.Builder
	for block := range strings.SplitSeq(source, separator) {
		copies := []string{block}
		for _, p := range placeholders {
			if mark := "{{" + p.name + "}}"; strings.Contains(block, mark) {
				copies = combine(copies, mark, p.values)
			}
		}
		for _, c := range copies {
			text.WriteString(c)
		}
	}
	return text.String()
}

// combine returns each text once for each value, with the value instead of the mark.
func combine(texts []string, mark string, values []string) (combined []string) {
	for _, text := range texts {
		for _, value := range values {
			combined = append(combined, strings.ReplaceAll(text, mark, value))
		}
	}
	return combined
}
