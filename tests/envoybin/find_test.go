package envoybin

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestAccept checks which versions are accepted.
func TestAccept(t *testing.T) {
	cases := []struct {
		name    string
		accept  Accept
		version string
		ok      bool
	}{
		{"the pinned release", OnlyPinned, "1.40.0", true},
		{"a patch of it", OnlyPinned, "1.40.1", false},
		{"the oldest supported", Supported, "1.36.0", true},
		{"the newest", Supported, "2.0.1", true},
		{"too old", Supported, "1.35.9", false},
		{"not a version", Supported, "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := c.accept(c.version); (err == nil) != c.ok {
				t.Errorf("accept(%q) = %v, want ok %v", c.version, err, c.ok)
			}
		})
	}
}

// TestFindPrefersPath checks that an acceptable Envoy on PATH is found first.
func TestFindPrefersPath(t *testing.T) {
	t.Setenv("PATH", fakeEnvoy(t, "1.37.2")+":"+os.Getenv("PATH"))
	var printed strings.Builder
	envoy, err := Find(context.Background(), t.TempDir(), Supported, &printed)
	if err != nil {
		t.Fatal(err)
	}
	if envoy.Version != "1.37.2" || !strings.Contains(printed.String(), "Envoy 1.37.2 from ") {
		t.Errorf("found %s and printed %q, want version 1.37.2 in both", envoy.Version, printed.String())
	}
}

// TestFindFallsBack checks that the cached binary is found if the one on PATH is too old, and
// that the reason is printed.
func TestFindFallsBack(t *testing.T) {
	t.Setenv("PATH", fakeEnvoy(t, "1.20.0")+":/bin:/usr/bin")
	cache := t.TempDir()
	if err := os.Rename(fakeEnvoy(t, Pinned), filepath.Join(cache, "envoy-"+Pinned)); err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	envoy, err := Find(context.Background(), cache, OnlyPinned, &printed)
	if err != nil {
		t.Fatal(err)
	}
	if envoy.Version != Pinned || !strings.Contains(printed.String(), "is 1.20.0") {
		t.Errorf("found %s and printed %q, want %s and the reason", envoy.Version, printed.String(), Pinned)
	}
}

// TestFindNothing checks that the error names every place if none has Envoy.
func TestFindNothing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Find(context.Background(), t.TempDir(), Supported, new(strings.Builder))
	if err == nil {
		t.Fatal("found an Envoy on an empty machine")
	}
	for _, want := range []string{"envoy is not on PATH; install", "python3 is not on PATH; install", "no Docker engine responds: ", "install Docker"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q lacks %q", err, want)
		}
	}
}

// TestFetchNeeds checks that the error says what to install or check if pip cannot fetch
// Envoy, and that nothing is printed twice.
func TestFetchNeeds(t *testing.T) {
	for _, c := range []struct{ name, python, want string }{
		{"no pip", "echo No module named pip >&2; exit 1", "python3 has no pip (exit status 1); install it (apt-get install python3-pip"},
		{"no network", `case "$*" in *--version*) exit 0;; esac; echo 'ERROR: no matching distribution' >&2; exit 1`, "ERROR: no matching distribution; check the network, and pip's index and proxy settings"},
		{"a package with another hash", `case "$*" in *--version*) exit 0;; esac; echo 'ERROR: HASHES DO NOT MATCH' >&2; exit 1`, "ERROR: HASHES DO NOT MATCH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bin := t.TempDir()
			if err := os.WriteFile(filepath.Join(bin, "python3"), []byte("#!/bin/sh\n"+c.python+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin)
			var printed strings.Builder
			cache := t.TempDir()
			_, err := Find(context.Background(), cache, Supported, &printed)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q in it", err, c.want)
			}
			for line := range strings.Lines(printed.String() + err.Error() + "\n") {
				if strings.Count(printed.String()+err.Error(), strings.TrimSpace(line)) > 1 {
					t.Errorf("printed twice: %s", line)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(cache, "fetching-*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestCommandMounts checks that folders are mounted into an image, and not for a binary.
func TestCommandMounts(t *testing.T) {
	image := &Envoy{image: true}
	if got := strings.Join(image.Command([]string{"/tmp/x"}, "-c", "e.yaml"), " "); !strings.Contains(got, "--volume=/tmp/x:/tmp/x") {
		t.Errorf("image command %q mounts nothing", got)
	}
	binary := &Envoy{command: []string{"/bin/envoy"}}
	if got := strings.Join(binary.Command([]string{"/tmp/x"}, "-c", "e.yaml"), " "); got != "/bin/envoy -c e.yaml" {
		t.Errorf("binary command %q", got)
	}
}

// fakeEnvoy returns a folder with a script that prints this version of Envoy.
func fakeEnvoy(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\necho 'envoy  version: 9e55/" + version + "/Clean/RELEASE/BoringSSL'\n"
	if err := os.WriteFile(filepath.Join(dir, "envoy"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
