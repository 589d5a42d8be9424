package policystore

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/policystore/directory/directorytest"
)

const (
	emergencyFile = "managed/break-glass-oncall.json"
	deleteAll     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchDeleteImage","Resource":"*"}]}`
)

// prepared is a directory in which a user and a role may have a break-glass policy.
func prepared() map[string]string {
	contents := small()
	contents["principals.yaml"] = strings.ReplaceAll(contents["principals.yaml"], "policies: [", "policies: [break-glass-oncall, ")
	return contents
}

// TestBreakGlass checks that a break-glass policy is in force from when its file is added
// until it is removed.
func TestBreakGlass(t *testing.T) {
	const user = "arn:aws:iam::123456789012:user/dev/alice"
	s, dir, log := breakGlassStore(t, prepared())
	for _, c := range []struct {
		name, text string // of the file; "" if it does not exist
		want       iam.Decision
		place      string
		inForce    []string
	}{
		{"before", "", iam.ImplicitDeny, "", nil},
		{"with the file", deleteAll, iam.Allowed, emergencyFile + ":1:38", []string{"break-glass-oncall"}},
		{"afterwards", "", iam.ImplicitDeny, "", nil},
	} {
		log.Reset()
		if c.text != "" {
			directorytest.Write(t, dir, map[string]string{emergencyFile: c.text})
		} else if err := os.RemoveAll(filepath.Join(dir, emergencyFile)); err != nil {
			t.Fatal(err)
		}
		if err := s.Reload(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got, place := decidedBy(t, s.Snapshot(), user, "ecr:BatchDeleteImage"); got != c.want || place != c.place {
			t.Errorf("%s: %v by %s, want %v by %s", c.name, got, place, c.want, c.place)
		}
		if got := s.Snapshot().BreakGlass; !slices.Equal(got, c.inForce) {
			t.Errorf("%s: in force %q, want %q", c.name, got, c.inForce)
		}
		if warned := strings.Contains(log.String(), `"level":"WARN","msg":"break-glass policies are in force; remove their files`) &&
			strings.Contains(log.String(), `"policies":["break-glass-oncall"]`); warned != (c.text != "") {
			t.Errorf("%s: the log contains %s", c.name, log)
		}
	}
}

func breakGlassStore(t *testing.T, contents map[string]string) (s *Store, dir string, log *bytes.Buffer) {
	t.Helper()
	dir, log = t.TempDir(), new(bytes.Buffer)
	directorytest.Write(t, dir, contents)
	return New(Options{Dir: dir, Decision: options(), Logger: slog.New(slog.NewJSONHandler(log, nil))}), dir, log
}

// TestBreakGlassOfGroup checks that a group may have a break-glass policy, by its name or by
// its ARN, and that the name alone may be without a file.
func TestBreakGlassOfGroup(t *testing.T) {
	for _, reference := range []string{"break-glass", "arn:aws:iam::123456789012:policy/break-glass"} {
		contents := grouped("- {name: oncall, policies: [" + reference + "], members: [alice]}\n")
		contents["managed/break-glass.json"] = deleteAll
		s, err := load(t, contents)
		if err != nil || !slices.Equal(s.BreakGlass, []string{"break-glass"}) {
			t.Errorf("%s: %v, %v", reference, s, err)
		}
		delete(contents, "managed/break-glass.json")
		if _, err := load(t, contents); (err == nil) != (reference == "break-glass") {
			t.Errorf("%s without a file: %v", reference, err)
		}
	}
}

// TestUnattachedBreakGlass checks that a file that would have no effect is a fault, unless
// another fault may be the reason.
func TestUnattachedBreakGlass(t *testing.T) {
	refuses(t, prepared(), map[string]string{"managed/break-glass-on-call.json": deleteAll},
		"managed/break-glass-on-call.json: the break-glass policy is not attached, so that it has no effect; add break-glass-on-call to the policies of a user, role or group in principals.yaml, or remove the file")
	faulty := small()
	faulty["managed/break-glass.json"], faulty["managed/pull.json"] = deleteAll, "{}"
	if _, err := load(t, faulty); err == nil || err.Error() != "managed/pull.json:1:1: the document has no Statement; add one" {
		t.Errorf("error %v, want only the other fault", err)
	}
}

// TestMissingLimit checks that a boundary or a session policy without a file is a fault,
// whatever its name is: without it, the caller would be allowed more.
func TestMissingLimit(t *testing.T) {
	const missing = `policy "break-glass-oncall" does not exist; add managed/break-glass-oncall.json, or use the ARN of one of AWS's policies for ECR`
	principals := small()["principals.yaml"]
	for name, text := range map[string]string{
		"boundary":                     principals + "  boundary: break-glass-oncall\n",
		"session":                      strings.Replace(principals, "assumed-role/ci/build\n", "assumed-role/ci/build\n  sessionPolicies: [break-glass-oncall]\n", 1),
		"a name that no file can have": principals + `- {arn: "arn:aws:iam::123456789012:user/bob", policies: ["break-glass/oncall"]}` + "\n",
	} {
		want := missing
		if strings.Contains(text, "break-glass/") {
			want = `policy "break-glass/oncall" does not exist`
		}
		if _, err := load(t, map[string]string{
			"registries.yaml": small()["registries.yaml"], "principals.yaml": text, "htpasswd": aliceHash, "managed/pull.json": pullOnly,
		}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
}
