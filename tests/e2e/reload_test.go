package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// unpolled is the quickstart's Envoy with the first generation of policies. Changes are
// detected by events only.
func unpolled(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = generation(t, 0, true)
	spec.Flags = []string{"--poll-interval", "1h"}
	return spec
}

// editsByPrograms saves one file in every way that programs do.
func editsByPrograms(t *testing.T, sys *system) {
	l := sys.begun(t)
	for _, program := range []struct {
		name  string
		saves func(t testing.TB, file string, text []byte)
	}{
		{"a shell in place", write},
		{"a slow one in place", writeSlowly},
		{"a rename over", writeOver},
		{"vim", writeAsVim},
		{"emacs", writeAsEmacs},
		{"nano", writeAsNano},
		{"sed -i", writeAsSed},
		{"git", writeAsGit},
		{"git, of a larger file", func(t testing.TB, file string, text []byte) { writeAsGit(t, file, append(text, "      "...)) }},
		{"cp -p", writeAsCopy},
	} {
		t.Run(program.name, func(t *testing.T) {
			for range 2 {
				l.turn(t, func() { program.saves(t, l.file(), turningPolicy(!l.open)) })
			}
		})
	}
	t.Run("removed and back", func(t *testing.T) {
		l.turn(t, func() { must(t, os.Remove(l.file())) })
		l.turn(t, func() { write(t, l.file(), turningPolicy(true)) })
	})
}

// file returns the file whose policy reverses the answers.
func (l *load) file() string { return filepath.Join(l.sys.Policies, filepath.FromSlash(turning)) }

// sibling returns a name next to that file, or in a folder above.
func (l *load) sibling(up int, name string) string {
	dir := filepath.Dir(l.file())
	for range up {
		dir = filepath.Dir(dir)
	}
	return filepath.Join(dir, name)
}

// brokenEdits breaks one file or the directory in one way after the other, and fixes it with
// the other answer. The log names the file that cannot be loaded.
func brokenEdits(t *testing.T, sys *system) {
	const named = "shared/app/_policy.json"
	l := sys.begun(t)
	for _, c := range []struct {
		name, problem string
		spoil         func(file string)
	}{
		{"misspelt", named + ":", func(file string) { turnInPlace("Effect", "Efect")(t, file) }},
		{"without a statement", named + ":", func(file string) { turnInPlace("Statement", "Sentence")(t, file) }},
		{"cut short", named + ":", func(file string) { write(t, file, cut(turningPolicy(true))) }},
		{"emptied", named + ":", func(file string) { write(t, file, nil) }},
		{"cut short, renamed over", named + ":", func(file string) { writeOver(t, file, cut(turningPolicy(true))) }},
		{"not UTF-8", named + ":", func(file string) { write(t, file, []byte("{\"Version\": \"\xff\"}")) }},
		{"too large", named + ":", func(file string) { write(t, file, make([]byte, 1<<20+1)) }},
		{"a named pipe", named + ":", func(file string) { must(t, os.Remove(file)); must(t, syscall.Mkfifo(file, 0o644)) }},
		{"a folder", named + "/x", func(file string) {
			must(t, os.Remove(file))
			must(t, os.Mkdir(file, 0o755))
			write(t, filepath.Join(file, "x"), nil)
		}},
		{"a link in a circle", named + ":", func(file string) { must(t, os.Remove(file)); must(t, os.Symlink(filepath.Base(file), file)) }},
		{"every file removed", "registries.yaml", func(string) { emptyDirectory(t, sys.Policies) }},
		{"the directory removed", ".: the policy directory cannot be read", func(string) { must(t, os.RemoveAll(sys.Policies)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.keep(t, c.problem, func() { c.spoil(l.file()) })
			l.turn(t, func() {
				aside := l.next(t)
				must(t, os.RemoveAll(sys.Policies))
				must(t, os.Rename(aside, sys.Policies))
			})
		})
	}
	t.Run("the backup of an editor", func(t *testing.T) {
		l.keep(t, named+"~:", func() { write(t, l.file()+"~", turningPolicy(true)) })
		l.stay(t, func() { must(t, os.Remove(l.file()+"~")) })
		l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)) })
	})
}

// replacedFolders replaces the file's folder, the policy directory, and its parent, and then
// edits the new files: everything that was watched before is gone.
func replacedFolders(t *testing.T, sys *system) {
	l := sys.begun(t)
	for _, c := range []struct {
		name   string
		folder func() string
		other  func(made string) string // of a generation's directory
	}{
		{"of the file", func() string { return l.sibling(0, "") }, func(made string) string { return filepath.Join(made, filepath.Dir(turning)) }},
		{"of the account", func() string { return filepath.Join(sys.Policies, "accounts") }, func(made string) string { return filepath.Join(made, "accounts") }},
		{"the directory", func() string { return sys.Policies }, func(made string) string { return made }},
		{"its parent", func() string { return filepath.Dir(sys.Policies) }, filepath.Dir},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				made := generation(t, l.number, !l.open)
				l.turn(t, func() { replaceFolder(t, c.folder(), c.other(made)) })
				l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)) })
			}
		})
	}
	t.Run("removed, and made again", func(t *testing.T) {
		l.turn(t, func() { must(t, os.RemoveAll(l.sibling(1, ""))) })
		l.turn(t, func() {
			must(t, os.MkdirAll(filepath.Dir(l.file()), 0o755))
			write(t, l.file(), turningPolicy(!l.open))
		})
		l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)) })
	})
}

// replaceFolder moves a folder away and the other one to its name.
func replaceFolder(t testing.TB, folder, other string) {
	t.Helper()
	away := filepath.Join(t.TempDir(), "away")
	must(t, os.Rename(folder, away))
	must(t, os.Rename(other, folder))
}

// sameContent touches, rewrites and replaces files with the same content.
func sameContent(t *testing.T, sys *system) {
	l := sys.begun(t)
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"touched", func() { must(t, os.Chtimes(l.file(), time.Now(), time.Now())) }},
		{"given another mode", func() { must(t, os.Chmod(l.file(), 0o600)) }},
		{"written again", func() { write(t, l.file(), turningPolicy(l.open)) }},
		{"renamed over", func() { writeOver(t, l.file(), turningPolicy(l.open)) }},
		{"there and back", func() { // while extauthz cannot read: on a slow machine the first write alone could take effect
			must(t, sys.Signal(stack.Extauthz, syscall.SIGSTOP))
			write(t, l.file(), turningPolicy(!l.open))
			write(t, l.file(), turningPolicy(l.open))
			must(t, sys.Signal(stack.Extauthz, syscall.SIGCONT))
		}},
		{"next to a file that does not count", func() { write(t, l.sibling(0, ".notes"), []byte("x")) }},
		{"the directory replaced", func() { replaceFolder(t, sys.Policies, generation(t, l.number, l.open)) }},
		{"a reload signal", func() { must(t, sys.Signal(stack.Extauthz, syscall.SIGHUP)) }},
	} {
		t.Run(c.name, func(t *testing.T) { l.stay(t, c.change) })
	}
	l.turn(t, func() { write(t, l.file(), turningPolicy(!l.open)) })
}

// metric reads one number of extauthz's metrics.
func (sys *system) metric(t *testing.T, name string) float64 {
	t.Helper()
	metrics := send(t, sys.Address(stack.Extauthz), "", http.MethodGet, "/metrics", nil).hasStatus(t, http.StatusOK)
	line := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics.body)
	if line == nil {
		t.Fatalf("no metric %s", name)
	}
	value, err := strconv.ParseFloat(line[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// loginTakenAway removes ecr:GetAuthorizationToken from a user who keeps every other right:
// nothing is allowed any more, immediately.
func loginTakenAway(t *testing.T, sys *system) {
	flow := sys.flows(t, "alice", "/v2/team/app/manifests/v1")
	start := time.Now()
	flow.only(t, start, flow.enough(start), http.StatusOK)

	sys.edit(t, "managed/developers.json", "ecr:GetAuthorizationToken", "ecr:DescribeRegistry")
	inForce := time.Now()
	flow.only(t, inForce, flow.enough(inForce), http.StatusForbidden)
	sys.request(t, "alice", http.MethodGet, "/v2/").hasStatus(t, http.StatusUnauthorized)
}
