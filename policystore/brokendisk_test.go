package policystore

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"extauthz/policystore/directory/directorytest"
)

// nested is a JSON text of so many arrays in each other.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// aliases is a list of issuers that are all the first, whose audiences are many:
// ten million strings in a few hundred kilobytes.
func aliases() string {
	return "issuers:\n- &a {name: x, foreignAudiences: [" + strings.Repeat("audience, ", 1000) + "x]}\n" + strings.Repeat("- *a\n", 10_000)
}

// What no file of the corpus can be: a name as bytes, a size, a kind of file. Each
// breaks the directory of small in one place.
func TestBrokenOnDisk(t *testing.T) {
	put := func(path, content string) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, path)
			return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644))
		}
	}
	link := func(target string) func(string) error {
		return func(dir string) error { return os.Symlink(target, filepath.Join(dir, "managed/a.json")) }
	}
	empty := func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)) }
	const noFile = "managed/a.json: not a regular file; remove it from the policy directory"
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   string // DIR is the directory
	}{
		{"removed", os.RemoveAll, ".: the policy directory cannot be read: " + syscall.ENOENT.Error() + "; create it, or fix or remove the link to it"},
		{"empty", empty, "principals.yaml: the file does not exist; create it, because it maps credentials to principals\n" +
			"registries.yaml: the file does not exist; add it, because it describes the registries behind Envoy"},
		{"everything removed but principals", func(dir string) error {
			return errors.Join(empty(dir), put("principals.yaml", small()["principals.yaml"])(dir))
		}, "principals.yaml:2:3: user \"alice\" has no line in htpasswd; add one with `htpasswd -B`\n" +
			"principals.yaml:8:14: policy \"pull\" does not exist; add managed/pull.json, or use the ARN of one of AWS's policies for ECR\n" +
			"principals.yaml:10:14: policy \"arn:aws:iam::123456789012:policy/pull\" does not exist; add managed/pull.json, or use the ARN of one of AWS's policies for ECR\n" +
			"registries.yaml: the file does not exist; add it, because it describes the registries behind Envoy"},
		{"a file instead of the directory", func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o644)) }, ".: the policy directory cannot be read: " + syscall.ENOTDIR.Error() + "; configure a directory"},
		{"a directory instead of a file", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "htpasswd")), os.Mkdir(filepath.Join(dir, "htpasswd"), 0o755))
		}, "htpasswd: is a folder; replace it with a file of that name, or remove it"},
		{"a directory with files instead of a file", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "registries.yaml")), put("registries.yaml/a.yaml", "")(dir))
		}, "registries.yaml: is a folder; replace it with a file of that name, or remove it"},
		{"a directory instead of a file that need not be", func(dir string) error { return os.Mkdir(filepath.Join(dir, "organization.yaml"), 0o755) },
			"organization.yaml: is a folder; replace it with a file of that name, or remove it"},
		{"named pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "managed/a.json"), 0o644) }, noFile},
		{"link to a named pipe", func(dir string) error {
			return errors.Join(syscall.Mkfifo(filepath.Join(dir, ".pipe"), 0o644), link("../.pipe")(dir))
		}, noFile},
		{"socket", socket, noFile},
		{"link to a device that never ends", link("/dev/zero"), noFile},
		{"link to a device that is empty", link("/dev/null"), noFile},
		{"link to a folder outside", link("/"), noFile},
		{"link to a folder above", link(".."), noFile},
		{"link to itself", link("a.json"), "managed/a.json: " + syscall.ELOOP.Error() + "; the link leads back to itself: fix or remove it"},
		{"dangling link", link("../gone.json"), "managed/a.json: " + syscall.ENOENT.Error() + "; create it, or fix or remove the link to it"},
		{"dangling link outside", link("/nowhere/gone.json"), "managed/a.json: " + syscall.ENOENT.Error() + "; create it, or fix or remove the link to it"},
		{"link to a file without size", link("/proc/self/environ"), "managed/a.json: the files keep changing while they are read; write them once and wait"},
		{"volume that leads to itself", func(dir string) error { return os.Symlink("..data", filepath.Join(dir, "..data")) },
			"..data: " + syscall.ELOOP.Error() + "; the link leads back to itself: fix or remove it"},
		{"name that is not UTF-8", put("managed/\xff.json", pullOnly), `"managed/\xff.json": the name contains characters that cannot be printed; rename it with printable characters only, or remove it`},
		{"name with a line break", put("managed/a\nb.json", pullOnly), `"managed/a\nb.json": the name contains characters that cannot be printed; rename it with printable characters only, or remove it`},
		{"folder whose name is not UTF-8", put("man\xe4ged/a.json", pullOnly), `"man\xe4ged": the name contains characters that cannot be printed; rename it with printable characters only, or remove it`},
		{"name with an escape sequence", put("\x1b[2J", ""), `"\x1b[2J": the name contains characters that cannot be printed; rename it with printable characters only, or remove it`},
		{"name with ninety folders", put(strings.Repeat("a/", 90)+"a", ""), strings.Repeat("a/", 90) + "a: not a file of a policy directory, so its content would have no effect; fix its name, remove it, or give it a leading dot"},
		{"huge policy", put("managed/a.json", strings.Repeat(" ", 1<<20+1)), "managed/a.json: larger than 1 MiB; remove it, or split its contents among several files"},
		{"huge file without content", func(dir string) error { return directorytest.Sparse(filepath.Join(dir, "managed/a.json"), 1<<40) }, "managed/a.json: larger than 1 MiB; remove it, or split its contents among several files"},
		{"huge directory", func(dir string) (err error) {
			for i := range 5 {
				account := filepath.Join(dir, fmt.Sprintf("accounts/00000000000%d", i))
				err = errors.Join(err, os.MkdirAll(account, 0o755), directorytest.Sparse(filepath.Join(account, "authorization-details.json"), 60<<20))
			}
			return err
		}, "accounts/000000000004/authorization-details.json: the policy directory contains more than 256 MiB; remove everything that is not a policy, or divide the registries among several directories"},
		{"deep JSON", put("managed/a.json", nested(100_000)), "managed/a.json:1:10001: not JSON: …; fix it here or just before"},
		{"deep JSON in an output", put("accounts/123456789012/authorization-details.json", nested(100_000)), "accounts/123456789012/authorization-details.json:1:10001: not JSON: …; fix it here or just before"},
		{"deep YAML", put("registries.yaml", nested(100_000)), "registries.yaml:1:10001: not valid YAML; fix the indentation, quotes and brackets here or in the lines below"},
		{"deep YAML by indentation", put("principals.yaml", strings.Repeat("- ", 50_000)), "principals.yaml:1:20001: not valid YAML; fix the indentation, quotes and brackets here or in the lines below"},
		{"aliases by the million", put("principals.yaml", aliases()), "principals.yaml:1:1: aliases repeat more than 100000 values; write the values out, without anchors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, dir := newStore(t, small())
			refused(t, s, dir, c.want, func() {
				if err := c.change(dir); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// socket leaves a socket behind, by a short name: the system allows few bytes.
func socket(dir string) error {
	short, err := os.MkdirTemp("", "s")
	if err != nil {
		return err
	}
	defer os.RemoveAll(short)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, "s"), Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return errors.Join(l.Close(), os.Rename(filepath.Join(short, "s"), filepath.Join(dir, "managed/a.json")))
}
