package accesskey

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
	_ "extauthz/goldentest"
)

// Lines of keys.
const (
	secretA = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	secretB = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
	lineA   = "AKIAIOSFODNN7EXAMPLE:" + secretA
	lineB   = "AKIAI44QH7DHBEXAMPLE:" + secretB
)

func TestParseFile(t *testing.T) {
	f, err := ParseFile("access-keys", []byte("# alice\n"+lineA+"\r\n\n"+lineB))
	if err != nil {
		t.Fatal(err)
	}
	if f.Secret("AKIAIOSFODNN7EXAMPLE") != secretA || f.Secret("AKIAI44QH7DHBEXAMPLE") != secretB || f.Secret("AKIAAAAAAAAAAAAAAAAA") != "" {
		t.Error("the secrets are not those of the file")
	}
	if want := []Line{{"AKIAIOSFODNN7EXAMPLE", 2}, {"AKIAI44QH7DHBEXAMPLE", 4}}; !slices.Equal(f.Lines(), want) {
		t.Errorf("lines %v, want %v", f.Lines(), want)
	}
	none := (*File)(nil)
	if none.Secret("AKIAIOSFODNN7EXAMPLE") != "" || none.Lines() != nil {
		t.Error("no file has keys")
	}
}

func TestParseFileRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no colon", secretA, "access-keys:1: no colon in this line; write ID:SECRET"},
		{"second line", lineA + "\nx", "access-keys:2: no colon"},
		{"secret first", secretA + ":AKIAIOSFODNN7EXAMPLE", "the id of the access key is not AKIA"},
		{"no id", ":" + secretA, "the id of the access key is not AKIA"},
		{"a short id", lineA[:19] + lineA[20:], "the id of the access key is not AKIA"},
		{"an id with 0", strings.Replace(lineA, "7", "0", 1), "the id of the access key is not AKIA"},
		{"a blank before the id", " " + lineA, "the id of the access key is not AKIA"},
		{"temporary credentials", "ASIA" + lineA[4:], "access key ASIAIOSFODNN7EXAMPLE is of temporary credentials, which need no line; remove the line"},
		{"twice", lineA + "\n" + "AKIAIOSFODNN7EXAMPLE:" + secretB, "access-keys:2: access key AKIAIOSFODNN7EXAMPLE is listed twice; keep one"},
		{"a blank after the secret", lineA + " ", "access-keys:1: the secret of access key AKIAIOSFODNN7EXAMPLE is not 40 characters of base64; create a key with `extauthz access-key create`"},
		{"a short secret", lineA[:len(lineA)-1], "is not 40 characters"},
		{"no secret", lineA[:21], "is not 40 characters"},
		{"a bad character", lineA[:len(lineA)-1] + "=", "is not 40 characters"},
		{"byte order mark", "\ufeff" + lineA, "the id of the access key is not AKIA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseFile("access-keys", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), secretA[:20]) || strings.Contains(err.Error(), secretB[:20]) {
				t.Errorf("the error contains a secret: %v", err)
			}
			if diag.Of(err)[0].Remedy == "" {
				t.Error("no remedy")
			}
		})
	}
}

func TestNew(t *testing.T) {
	k, other := New(), New()
	if f, err := ParseFile("access-keys", []byte(k.ID+":"+k.Secret)); err != nil || f.Secret(k.ID) != k.Secret {
		t.Errorf("key %v: error %v", k.ID, err)
	}
	if k.ID == other.ID || k.Secret == other.Secret {
		t.Error("two keys are equal")
	}
	if !IsID(k.ID, LongTerm) || IsID(k.ID, Temporary) || !IsID(NewID(Temporary), Temporary) || len(k.Secret) != SecretLength {
		t.Errorf("key %v", k.ID)
	}
}

// TestAppend checks that a file remains correct, and that a new one is only its owner's.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access-keys")
	keys := []Key{New(), New(), New()}
	for i, k := range keys {
		if i == 2 { // an editor without a last line end
			text, _ := os.ReadFile(path)
			if err := os.WriteFile(path, append([]byte("# ours\n"), text[:len(text)-1]...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := Append(path, k); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFile("access-keys", text)
	if err != nil || len(f.Lines()) != len(keys) || !strings.HasPrefix(string(text), "# ours\n") {
		t.Errorf("error %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	before := string(text) + "x"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Append(path, New()); err == nil {
		t.Error("appended to a file with a fault")
	}
	if text, _ := os.ReadFile(path); string(text) != before {
		t.Error("changed a file with a fault")
	}
	if err := Append(t.TempDir(), New()); err == nil {
		t.Error("appended to a folder")
	}
	if err := Append(filepath.Join(t.TempDir(), "none", "access-keys"), New()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
