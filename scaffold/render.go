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

// Files renders the directory: contents by slash-separated path. The error says
// which option is wrong, and why.
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
		if name, is := schemaOf(path); is {
			text = schemas.Line(name, path) + text
		}
		files[path] = text
	}
	return files, addSchemas(files)
}

// schemaOf names the schema of a file, where it can say so itself.
func schemaOf(path string) (name string, is bool) {
	name, is = strings.CutSuffix(path, ".yaml")
	if strings.HasPrefix(name, "tests/") {
		name = "tests"
	}
	return name, is
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

// sources says which template each file is made of.
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
		place := "accounts/" + o.Account + "/" + o.Region + "/repositories/" + r.Name + "/"
		if file := r.Template.policyFile(); file != "" {
			from[place+"_policy.json"] = file
		}
		if r.Template == Tagged {
			from[place+"_tags.json"] = "repository/tags.json"
		}
	}
	return from
}

// render fills in a template.
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

// list is a list of strings as JSON, in a document indented so far.
func list(indent int, items []string) (string, error) {
	text, err := json.MarshalIndent(items, strings.Repeat(" ", indent), "  ")
	return string(text), err
}
