package scaffold

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"extauthz/schemas"
)

// options returns options with a repository for each template.
func options() Options {
	return Options{
		Account: "123456789012", Region: "eu-central-1", Partition: "aws", Host: "registry.example.com", Repositories: Repositories(),
		Users: []string{"alice", "bob"}, Admin: "admin", OtherAccount: "444455556666", GitHub: "acme/app",
	}
}

func render(t *testing.T, o Options) map[string]string {
	t.Helper()
	files, err := o.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFiles(t *testing.T) {
	const place = "accounts/123456789012/eu-central-1/repositories/"
	want := []string{
		".schemas/organization.schema.json", ".schemas/policy.schema.json", ".schemas/principals.schema.json",
		".schemas/registries.schema.json", ".schemas/tags.schema.json", ".schemas/tests.schema.json", ".schemas/upstreams.schema.json",
		place + "team/app/_policy.json", place + "team/base/_policy.json", place + "team/inbox/_policy.json",
		place + "team/preview/_tags.json", place + "team/retired/_policy.json", place + "team/shared/_policy.json",
		"managed/ci.json", "managed/contents.json", "managed/login.json", "managed/tagged.json",
		"principals.yaml", "registries.yaml",
		"tests/ci.yaml", "tests/contents.yaml", "tests/cross-account-push.yaml", "tests/deny-pull.yaml", "tests/login.yaml",
		"tests/pull-all-accounts.yaml", "tests/pull-and-admin.yaml", "tests/push-pull.yaml", "tests/tagged.yaml", "trust/ci.json",
	}
	files := render(t, options())
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for name, text := range files {
		if strings.HasSuffix(name, ".json") && !json.Valid([]byte(text)) {
			t.Errorf("%s is not JSON: %s", name, text)
		}
		isTemplate := !strings.HasPrefix(name, schemas.Folder) // schemas contain braces
		if isTemplate && strings.Contains(text, "{{") || !strings.HasSuffix(text, "\n") || strings.Contains(text, " \n") {
			t.Errorf("%s is not rendered correctly: %s", name, text)
		}
	}
}

// TestFilesReferToSchemas checks that each YAML file contains the path of its schema.
func TestFilesReferToSchemas(t *testing.T) {
	files, checked := render(t, options()), 0
	for name, text := range files {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		line, _, _ := strings.Cut(text, "\n")
		to, found := strings.CutPrefix(line, "# yaml-language-server: $schema=")
		if schema := files[path.Join(path.Dir(name), to)]; !found || !strings.Contains(schema, `"$schema": "https://json-schema.org/`) {
			t.Errorf("%s begins with %s", name, line)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("%d files refer to a schema, want at least 10", checked)
	}
}

// TestEveryTemplateIsUsed checks that each embedded file is used.
func TestEveryTemplateIsUsed(t *testing.T) {
	o := options()
	used := map[string]bool{}
	for _, from := range o.sources() {
		used["templates/"+from] = true
	}
	for _, folder := range []string{"templates", "templates/managed", "templates/trust", "templates/repository", "templates/tests"} {
		entries, err := templates.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if name := folder + "/" + e.Name(); !e.IsDir() && !used[name] {
				t.Errorf("%s is not used", name)
			}
		}
	}
}

// TestFilesOfOneTemplate checks that only the files of the template are generated.
func TestFilesOfOneTemplate(t *testing.T) {
	o := options()
	o.Repositories = []Repository{{"a", DenyPull}}
	want := []string{"accounts/123456789012/eu-central-1/repositories/a/_policy.json", "managed/login.json", "principals.yaml", "registries.yaml", "tests/deny-pull.yaml", "tests/login.yaml"}
	files := render(t, o)
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasPrefix(name, schemas.Folder) })
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, word := range []string{"issuers", "444455556666", "admin", "contents"} {
		if strings.Contains(files["principals.yaml"], word) {
			t.Errorf("principals.yaml contains %s: %s", word, files["principals.yaml"])
		}
	}
}

// TestOtherRepository checks that the name is not one of the repositories.
func TestOtherRepository(t *testing.T) {
	o := options()
	o.Repositories = []Repository{{"other-other", PushPull}, {"other", PushPull}, {"other-other-other", PushPull}}
	for _, r := range o.Repositories {
		if got := o.otherRepository(); got == r.Name {
			t.Errorf("%q is a repository", got)
		}
	}
}

func TestFilesRejectsOptions(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"account", func(o *Options) { o.Account = "1234" }, `--account "1234" is not an account id; write 12 digits`},
		{"region", func(o *Options) { o.Region = "Frankfurt" }, `--region "Frankfurt" is not a region; write one such as eu-central-1`},
		{"partition", func(o *Options) { o.Partition = "AWS" }, `--partition "AWS" is not a partition; write one of aws, aws-cn, aws-us-gov, `},
		{"partition that AWS does not have", func(o *Options) { o.Partition = "aws-xx" }, `--partition "aws-xx"`},
		{"host", func(o *Options) { o.Host = "https://registry.example.com" }, `--registry-host "https://registry.example.com" is not a host; write a lower-case host name`},
		{"host that ends a string", func(o *Options) { o.Host = "a\"" }, "--registry-host"},
		{"other account", func(o *Options) { o.OtherAccount = "" }, `--other-account "" is not an account id; write 12 digits`},
		{"the same account", func(o *Options) { o.OtherAccount = o.Account }, "is the registry's account"},
		{"GitHub", func(o *Options) { o.GitHub = "acme" }, `--github "acme" is not a repository; write OWNER/REPOSITORY`},
		{"GitHub with only the owner's ID", func(o *Options) { o.GitHub = "acme@123456/app" }, `--github "acme@123456/app" is not a repository; write OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID`},
		{"GitHub with only the repository's ID", func(o *Options) { o.GitHub = "acme/app@456789" }, "--github"},
		{"GitHub with an ID that is not a number", func(o *Options) { o.GitHub = "acme@x/app@456789" }, "--github"},
		{"GitHub with an empty ID", func(o *Options) { o.GitHub = "acme@/app@" }, "--github"},
		{"GitHub with an ID that is a wildcard", func(o *Options) { o.GitHub = "acme@*/app@*" }, "--github"},
		{"GitHub with a wildcard", func(o *Options) { o.GitHub = "acme/*" }, "--github"},
		{"no users", func(o *Options) { o.Users = nil }, "--users is empty; give at least one user"},
		{"an empty user", func(o *Options) { o.Users = []string{""} }, `--users: "" is not a user name; use 1 to 64`},
		{"a user twice", func(o *Options) { o.Users = []string{"a", "a"} }, `--users: user "a" occurs twice`},
		{"a user that is the administrator", func(o *Options) { o.Admin = "bob" }, `--users: user "bob" occurs twice`},
		{"a user twice in another case", func(o *Options) { o.Users = []string{"a", "A"} }, `user "A" occurs twice`},
		{"a user with a space", func(o *Options) { o.Users = []string{"a", " b"} }, `--users: " b" is not a user name; use 1 to 64`},
		{"a user with a slash", func(o *Options) { o.Users = []string{"dev/a"} }, `--users: "dev/a" is not a user name; use 1 to 64`},
		{"a user that is a wildcard", func(o *Options) { o.Users = []string{"*"} }, `--users: "*" is not a user name; use 1 to 64`},
		{"the user of tokens", func(o *Options) { o.Users = []string{"AWS"} }, "--users: AWS is the user whose password is a token"},
		{"no administrator", func(o *Options) { o.Admin = "" }, `--admin: "" is not a user name; use 1 to 64`},
		{"no repositories", func(o *Options) { o.Repositories = nil }, "--repository is missing; give at least one"},
		{"a repository twice", func(o *Options) { o.Repositories = []Repository{{"a", PushPull}, {"a", DenyPull}} }, `--repository "a" occurs twice`},
		{"a repository's name", func(o *Options) { o.Repositories = []Repository{{"../a", PushPull}} }, `"../a" is not a repository name`},
		{"no template", func(o *Options) { o.Repositories = []Repository{{Name: "a"}} }, `"" is not a template; write one of push-pull, contents`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options()
			c.change(&o)
			if files, err := o.Files(); files != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestParseRepository(t *testing.T) {
	for _, c := range []struct {
		text string
		want Repository
		ok   bool
	}{
		{"team/app", Repository{"team/app", PushPull}, true},
		{"team/app=tagged", Repository{"team/app", Tagged}, true},
		{"team/app=", Repository{}, false},
		{"team/app=pull", Repository{}, false},
		{"Team=tagged", Repository{}, false},
	} {
		got, err := ParseRepository(c.text)
		if (err == nil) != c.ok || c.ok && got != c.want {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
	}
}
