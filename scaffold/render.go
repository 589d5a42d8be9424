package scaffold

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

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
	for _, name := range schemas.Names() {
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

// render executes a template file.
func (o *Options) render(name string) (string, error) {
	source, err := templates.ReadFile("templates/" + name)
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Funcs(template.FuncMap{"list": list}).Parse(string(source))
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if err := t.Execute(&text, view{o}); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return text.String(), nil
}

// list returns a list of strings as JSON, indented for a document.
func list(indent int, items []string) (string, error) {
	text, err := json.MarshalIndent(items, strings.Repeat(" ", indent), "  ")
	return string(text), err
}
