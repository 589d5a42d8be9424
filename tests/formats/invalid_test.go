package formats

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/policystore"
)

const (
	details  = "accounts/123456789012/authorization-details.json"
	region   = "accounts/123456789012/eu-central-1/"
	denyPull = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage"}}`
)

// outputs returns the outputs of a small world. Each case changes them in one place.
func outputs() map[string]string { return Generate(1, 0, 0).exports(style{}) }

// load writes the files to a directory, calls prepare, and loads the directory.
func load(t *testing.T, files map[string]string, prepare func(dir string) error) (*policystore.Snapshot, string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(put(dir, files), prepare(dir)); err != nil {
		t.Fatal(err)
	}
	s, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	return s, dir, err
}

func nothing(string) error { return nil }

// TestInvalid checks that a file that is not as AWS prints it, or is in a place where it is not
// read, is one error in one line that begins with the file, and that nothing is loaded.
func TestInvalid(t *testing.T) {
	add := func(path, text string) map[string]string { return map[string]string{path: text} }
	swap := func(path, old, new string) map[string]string {
		text := outputs()[path]
		if !strings.Contains(text, old) {
			t.Fatalf("%s does not contain %s", path, old)
		}
		return map[string]string{path: strings.Replace(text, old, new, 1)}
	}
	const stray = ": not a file of a policy directory"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // with which the error begins
	}{
		{"two outputs in one file", add(details, outputs()[details]+outputs()[details]), details + ":"},
		{"garbage behind the output", swap(details, "\n}\n", "\n}\nx"), details + ":"},
		{"byte order mark", swap(details, "{", "\ufeff{"), details + ":1:1: the text begins with a byte order mark"},
		{"false and true", swap(details, `"IsTruncated": false`, `"IsTruncated": false, "IsTruncated": true`), details + ":"},
		{"false and true in another case", swap(details, `"IsTruncated": false`, `"IsTruncated": false, "isTruncated": true`), details + ":"},
		{"zero", swap(details, `"IsTruncated": false`, `"IsTruncated": 0`), details + ":"},
		{"an empty marker", swap(details, `"IsTruncated": false`, `"Marker": ""`), details + ":"},
		{"an empty token of ECR", swap(region+"repositories.json", `"repositories"`, `"nextToken": "", "repositories"`), region + "repositories.json:2:5: the output is truncated (nextToken is set)"},
		{"no default version", swap(details, `"IsDefaultVersion": true`, `"IsDefaultVersion": false`), details + ":"},
		{"a default version in another case", swap(details, `"DefaultVersionId": "v`, `"DefaultVersionId": "V`), details + ":"},
		{"a group in another case", swap(details, `"GroupName": "developers"`, `"GroupName": "Developers"`), details + ":"},
		{"a user twice, in another case", swap(details, `"UserDetailList": [`, `"UserDetailList": [{"Path":"/x/","UserName":"ALICE","UserId":"AIDA1234","Arn":"arn:aws:iam::123456789012:user/x/ALICE","AttachedManagedPolicies":[],"GroupList":[]},`), details + ":"},
		{"a boundary that is null", swap(details, `"UserName": "bob",`, `"UserName": "bob", "PermissionsBoundary": null,`), details + ":"},
		{"a boundary in another case", swap(details, `"UserName": "alice",`, `"UserName": "alice", "permissionsBoundary": {},`), details + ":"},
		{"of another region", map[string]string{"accounts/123456789012/eu-west-1/registry-policy.json": strings.Replace(denyPull, `"Action"`, `"Resource":"*","Action"`, 1)}, "accounts/123456789012/eu-west-1/registry-policy.json: no registry"},
		{"without a repository", add(region+"repositories/_policy.json", denyPull), region + "repositories/_policy.json" + stray},
		{"a folder of the file's name", add(region+"repositories/app/_policy.json.d/x", denyPull), region + "repositories/app/_policy.json.d/x" + stray},
		{"upper case", add(region+"repositories/App/_policy.json", denyPull), region + "repositories/App/_policy.json" + stray},
		{"file in upper case", add(region+"repositories/app/_Policy.json", denyPull), region + "repositories/app/_Policy.json" + stray},
		{"a look-alike letter", add(region+"repositories/\u0430pp/_policy.json", denyPull), region + "repositories/\u0430pp/_policy.json" + stray},
		{"a look-alike slash", add(region+"repositories/team\u2215app/_policy.json", denyPull), region + "repositories/team\u2215app/_policy.json" + stray},
		{"a letter in two pieces", add("managed/e\u0301.json", "{}"), "managed/e\u0301.json" + stray},
		{"an invisible letter", add("managed/a\u200b.json", "{}"), `"managed/a\u200b.json": the name contains characters that cannot be printed`},
		{"a blank behind the name", add("managed/a.json ", "{}"), "managed/a.json " + stray},
		{"the flat form next to the other", add("registries..yaml", "x"), "registries..yaml" + stray},
		{"the flat form of the same file", add(strings.ReplaceAll(details, "/", ".."), outputs()[details]), details + ": means the same file as accounts.."},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := outputs()
			maps.Copy(all, c.files)
			s, _, err := load(t, all, nothing)
			if s != nil || err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("snapshot %v, error %v; want %s", s != nil, err, c.want)
			}
		})
	}
}

// TestDigest checks that the digest depends on the names and contents of all files that decide,
// and on nothing else.
func TestDigest(t *testing.T) {
	first, _, err := load(t, outputs(), nothing)
	if err != nil {
		t.Fatal(err)
	}
	in := func(path string, do func(path string) error) func(string) error {
		return func(dir string) error { return do(filepath.Join(dir, path)) }
	}
	write := func(path, text string) func(string) error {
		return func(dir string) error { return put(dir, map[string]string{path: text}) }
	}
	for _, c := range []struct {
		name    string
		prepare func(dir string) error
		same    bool
	}{
		{"again", nothing, true},
		{"another time", in("registries.yaml", func(path string) error { return os.Chtimes(path, time.Unix(0, 0), time.Unix(1, 0)) }), true},
		{"other permissions", in("registries.yaml", func(path string) error { return os.Chmod(path, 0o400) }), true},
		{"a policy test", write("tests/pull.yaml", "not: [read"), true},
		{"a dotted file", write("managed/.draft.json", "{"), true},
		{"a dotted folder", write(".git/config", "{"), true},
		{"an empty folder", in("trust", func(path string) error { return os.Mkdir(path, 0o755) }), true},
		{"a link to the file", in("registries.yaml", func(path string) error {
			return errors.Join(os.Rename(path, filepath.Join(filepath.Dir(path), ".real")), os.Symlink(".real", path))
		}), true},
		{"a second name of the file", in("registries.yaml", func(path string) error { return os.Link(path, filepath.Join(filepath.Dir(path), ".second")) }), true},
		{"a policy that nothing names", write("managed/more.json", strings.ReplaceAll(deniesAll, "%s", "more")), false},
		{"a byte more", in(details, func(path string) error { return os.WriteFile(path, []byte(outputs()[details]+"\n"), 0o644) }), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, err := load(t, outputs(), func(dir string) error {
				// Files may not be writable.
				return errors.Join(filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
					return errors.Join(err, os.Chmod(path, 0o755))
				}), c.prepare(dir))
			})
			if err != nil {
				t.Fatal(err)
			}
			if (s.Digest == first.Digest) != c.same {
				t.Errorf("digest %s, first %s; want the same: %t", s.Digest, first.Digest, c.same)
			}
		})
	}
}

// TestVolume checks that files next to the links of a volume are errors, and that a volume whose
// link is broken is not an empty directory.
func TestVolume(t *testing.T) {
	const stray = "is next to the files of a mounted volume"
	for _, c := range []struct {
		name, target string
		want         string
	}{
		{"leads to itself", "..data", "..data: " + syscall.ELOOP.Error()},
		{"leads nowhere", "..gone", "..data: " + syscall.ENOENT.Error()},
		{"leads to the directory", ".", stray},
		{"leads out", "/", stray},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _, err := load(t, outputs(), func(dir string) error { return os.Symlink(c.target, filepath.Join(dir, "..data")) })
			if s != nil || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("snapshot %v, error %v; want %s", s != nil, err, c.want)
			}
		})
	}
}
