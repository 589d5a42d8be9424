package policystore

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore/directory"
	"extauthz/policystore/directory/directorytest"
)

// everything returns a policy directory with a file of every kind, and an output with the
// users and roles of a second account.
func everything(t testing.TB) map[string]string {
	t.Helper()
	const second = "444455556666"
	d := whole(t, newSigner(t))
	other := strings.NewReplacer("123456789012", second).Replace(exported(t)[authorizationPlace])
	maps.Copy(d, map[string]string{
		strings.Replace(authorizationPlace, "123456789012", second, 1): other,
		"organization.yaml":         "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\noutside: [\"" + second + "\"]\n",
		"organization/scp/0/a.json": fullAccess, "organization/rcp/0/a.json": noBatch,
		secretDir: awsRepositoryPolicy, registryPlace: awsRegistryPolicy, inventoryFile: awsInventory, tagsPlace: awsTags,
		strings.Replace(tagsPlace, tagsFile, policyFile, 1): denyAll,
	})
	return d
}

// An edit changes the directory, and may cause a fault.
type edit struct {
	name string
	do   func(e *editor, path string) error
}

// An editor makes random edits to a directory.
type editor struct {
	*rand.Rand
	dir      string
	contents map[string]string // as they were at first
}

func (e *editor) path(name string) string { return filepath.Join(e.dir, filepath.FromSlash(name)) }

// other returns a file other than that of the path.
func (e *editor) other(path string) string {
	for {
		if other := e.path(e.any()); other != path {
			return other
		}
	}
}

func (e *editor) any() string {
	names := slices.Sorted(maps.Keys(e.contents))
	return names[e.IntN(len(names))]
}

// write replaces a file by a new one with a text, or writes the text to it.
func (e *editor) write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if e.IntN(2) == 0 {
		return os.WriteFile(path, []byte(text), 0o644)
	}
	temporary := filepath.Join(filepath.Dir(path), ".new")
	return cmp.Or(os.WriteFile(temporary, []byte(text), 0o644), os.Rename(temporary, path))
}

// change writes the result of f to a file, with the same size and time if possible.
func (e *editor) change(path string, f func(text string) string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // removed before
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return cmp.Or(e.write(path, f(string(text))), os.Chtimes(path, time.Time{}, info.ModTime()))
}

// swapWords exchanges two words of the same length.
func swapWords(a, b string) func(string) string {
	return strings.NewReplacer(a, b, b, a).Replace
}

// edits are the edits of an editor, each of one file.
var edits = []edit{
	{"restore", func(e *editor, path string) error {
		name, err := filepath.Rel(e.dir, path)
		return cmp.Or(err, e.write(path, e.contents[name]))
	}},
	{"space", func(e *editor, path string) error {
		return e.change(path, func(text string) string { return text + "\n" })
	}},
	{"allow for deny", func(e *editor, path string) error {
		return e.change(path, swapWords(`"Effect":"Allow"`, `"Effect":"Deny" `))
	}},
	{"another action", func(e *editor, path string) error {
		return e.change(path, swapWords("ecr:BatchGetImage", "ecr:BatchGetImaje"))
	}},
	{"another tag", func(e *editor, path string) error { return e.change(path, swapWords("blue", "gold")) }},
	{"another partition", func(e *editor, _ string) error {
		return e.change(e.path("registries.yaml"), swapWords("region: eu-central-1}", "partition: aws-cn, region: cn-north-1}"))
	}},
	{"break", func(e *editor, path string) error {
		return e.change(path, func(text string) string { return text[:len(text)*2/3] })
	}},
	{"remove", func(_ *editor, path string) error { _ = os.Remove(path); return nil }},
	{"swap", func(e *editor, path string) error {
		other, aside := e.other(path), e.path(".aside")
		_ = cmp.Or(os.Rename(path, aside), os.Rename(other, path), os.Rename(aside, other)) // one may be gone
		return nil
	}},
	{"link", func(e *editor, path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		target := e.path(fmt.Sprintf(".target-%d", e.IntN(3)))
		return cmp.Or(os.WriteFile(target, text, 0o644), os.Remove(path), os.Symlink(target, path))
	}},
	{"move the folder away", func(e *editor, path string) error {
		if folder := filepath.Dir(path); folder != e.dir {
			_ = cmp.Or(os.RemoveAll(e.path(".away")), os.Rename(folder, e.path(".away"))) // it may be gone
		}
		return nil
	}},
	{"a stray file", func(e *editor, path string) error { return e.write(path+".orig", "") }},
	{"no stray files", func(e *editor, _ string) error {
		return filepath.Walk(e.dir, func(path string, _ os.FileInfo, err error) error {
			if err == nil && strings.HasSuffix(path, ".orig") {
				err = os.Remove(path)
			}
			return err
		})
	}},
}

// restoreAll removes all faults, which random edits seldom do.
func (e *editor) restoreAll() error {
	if err := edits[len(edits)-1].do(e, ""); err != nil {
		return err
	}
	for name, text := range e.contents {
		path := e.path(name)
		if now, err := os.ReadFile(path); err == nil && string(now) == text {
			continue
		}
		if err := e.write(path, text); err != nil {
			return err
		}
	}
	return nil
}

// TestReloadIsLoad checks after each of many edits that a store has the same error or the
// same snapshot as a new Load, whether it reads everything or only what changed.
func TestReloadIsLoad(t *testing.T) {
	t.Parallel()
	e := &editor{Rand: rand.New(rand.NewPCG(1, 2)), dir: t.TempDir(), contents: everything(t)}
	directorytest.Write(t, e.dir, e.contents)
	store := New(Options{Dir: e.dir, Decision: options(), Inspect: inspectActions})
	time.Sleep(directory.LongestTick + 10*time.Millisecond) // from now on most files need not be read again
	good, bad := 0, 0
	for step := range 240 {
		what := edits[e.IntN(len(edits))]
		err := what.do(e, e.path(e.any()))
		if step%8 == 0 {
			err = e.restoreAll()
		}
		if err != nil {
			t.Fatalf("step %d, %s: %v", step, what.name, err)
		}
		reload := store.reloadChanged
		if step%5 == 0 {
			reload = store.Reload
		}
		got := reload()
		fresh, want := loadInspected(e.dir)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("step %d, %s:\n%v\nwant\n%v", step, what.name, got, want)
		}
		if want != nil {
			bad++
			continue
		}
		good++
		if difference := differs(t, store.Snapshot(), fresh); difference != "" {
			t.Fatalf("step %d, %s: another %s", step, what.name, difference)
		}
	}
	if good < 50 || bad < 50 {
		t.Errorf("%d good steps and %d bad ones; want fifty of each", good, bad)
	}
}

// inspectActions returns a finding about the first action of each statement.
func inspectActions(d *iam.Document, p *iam.Policy) (found diag.List) {
	for i := range d.Statements {
		action := d.Statements[i].Actions[0]
		found = append(found, diag.New(p.Source.At(action.At), action.Text, ""))
	}
	return found
}

// loadInspected is [Load] with inspectActions.
func loadInspected(dir string) (*Snapshot, error) {
	tree, err := directory.NewReader(dir, layout(0)).Read()
	if err != nil {
		return nil, err
	}
	kept := newPersistent(offline())
	kept.inspect = inspectActions
	return compile(tree, options(), kept)
}

// differs returns the parts in which two snapshots differ, "" for none.
func differs(t *testing.T, a, b *Snapshot) string {
	t.Helper()
	x, y := a.Contents(), b.Contents()
	for name, equal := range map[string]bool{
		"digest":          a.Digest == b.Digest,
		"summary":         a.Summary == b.Summary,
		"findings":        reflect.DeepEqual(findingsOf(x), findingsOf(y)),
		"principals.yaml": reflect.DeepEqual(x.Configured, y.Configured),
		"organization":    reflect.DeepEqual(x.Organization, y.Organization),
		"control levels":  reflect.DeepEqual(x.ControlLevels, y.ControlLevels),
		"accepted files":  reflect.DeepEqual(x.Accepted, y.Accepted),
		"policies":        reflect.DeepEqual(x.Policies, y.Policies),
		"repositories":    reflect.DeepEqual(maps.Collect(x.Repositories.All()), maps.Collect(y.Repositories.All())),
		"principals":      reflect.DeepEqual(x.Principals, y.Principals),
		"credentials":     reflect.DeepEqual(x.Credentials, y.Credentials),
		"issuers":         reflect.DeepEqual(x.Issuers, y.Issuers),
		"tags":            reflect.DeepEqual(maps.Collect(a.repositories.tags.All()), maps.Collect(b.repositories.tags.All())),
		"answers":         slices.Equal(answers(t, a), answers(t, b)),
	} {
		if !equal {
			return name
		}
	}
	return ""
}

// findingsOf returns the findings of the inspection of each policy.
func findingsOf(c Contents) (all []diag.List) {
	for _, policy := range c.Policies {
		all = append(all, c.Findings[policy])
	}
	return all
}

// answers returns the decisions on sample requests.
func answers(t *testing.T, s *Snapshot) []iam.Decision {
	t.Helper()
	const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	return answersAbout(s, "*", repository+"secret/app", repository+"team/app")
}

// answersAbout returns the decisions on requests of each principal for resources.
func answersAbout(s *Snapshot, resources ...string) (all []iam.Decision) {
	for _, p := range s.Contents().Principals {
		name := strings.NewReplacer(":role/team/ci", ":assumed-role/ci/x", ":iam:", ":sts:").Replace(p.ARN)
		if strings.Contains(p.ARN, ":user/") {
			name = p.ARN
		}
		caller, err := s.CallerNamed(name)
		if err != nil {
			continue // a role of another name
		}
		for _, action := range []string{"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:PutImage", "ecr:CreateRepository"} {
			for _, resource := range resources {
				all = append(all, s.Decisions.Decide(&iam.Request{
					Principal: &caller.Principal, Context: caller.Context, Action: action, Resource: resource,
				}, nil))
			}
		}
	}
	return all
}
