package policystore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/diag"
)

// secret is in the credentials of tests, and must be in no error.
const secret = "a-secret-of-the-registry"

// withUpstreams returns a directory with upstreams.yaml.
func withUpstreams(text string) map[string]string {
	contents := small()
	contents["upstreams.yaml"] = text
	return contents
}

func TestUpstreams(t *testing.T) {
	cases := []struct {
		name, entry string
		want        string // the Authorization header of a forwarded request
	}{
		{"a user", "{registry: a, username: robot$ci, password: " + secret + "}", "Basic cm9ib3QkY2k6YS1zZWNyZXQtb2YtdGhlLXJlZ2lzdHJ5"},
		{"a token", "{registry: a, token: " + secret + "}", "Bearer " + secret},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			store, dir := newStore(t, withUpstreams("upstreams:\n- "+test.entry+"\n"))
			if err := store.Reload(); err != nil {
				t.Fatal(err)
			}
			registry := store.Snapshot().RegistryNamed("a")
			got, err := registry.Upstream.Authorization(context.Background(), "repository:a:pull")
			if got != test.want || err != nil {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
			for _, header := range registry.RemoveHeaders() {
				if header == "authorization" {
					t.Error("an allowed request loses the credential")
				}
			}
			if offline, err := Load(dir, options()); err != nil || offline.RegistryNamed("a").Upstream != nil {
				t.Errorf("an offline snapshot: %v, or it has a credential", err)
			}
			write(t, dir, "upstreams.yaml", "upstreams:\n- {registry: a, token: another}\n")
			if err := store.Reload(); err != nil {
				t.Fatal(err)
			}
			if got, err := store.Snapshot().RegistryNamed("a").Upstream.Authorization(context.Background(), ""); got != "Bearer another" || err != nil {
				t.Errorf("after a change: %q, %v", got, err)
			}
		})
	}
}

// TestUpstreamRealm checks that a realm and its status outlast a reload.
func TestUpstreamRealm(t *testing.T) {
	contents := withUpstreams("upstreams:\n- {registry: a, realm: \"https://127.0.0.1:1/token\", service: s, username: robot, password: " + secret + "}\n")
	store, dir := newStore(t, contents)
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	_, err := store.Snapshot().RegistryNamed("a").Upstream.Authorization(context.Background(), "")
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error %v", err)
	}
	write(t, dir, "registries.yaml", contents["registries.yaml"]+"# changed\n")
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	if all := store.Realms(); len(all) != 1 || all[0].URL != "https://127.0.0.1:1/token" || all[0].Failures != 1 {
		t.Errorf("realms %+v, want one with one failure", all)
	}
}

// TestModeOfUpstreams checks that others must not be able to read the file.
func TestModeOfUpstreams(t *testing.T) {
	store, dir := newStore(t, withUpstreams("upstreams:\n- {registry: a, token: "+secret+"}\n"))
	for _, c := range []struct {
		mode os.FileMode
		ok   bool
	}{{0o644, false}, {0o440, true}, {0o660, false}, {0o600, true}} {
		if err := os.Chmod(filepath.Join(dir, "upstreams.yaml"), c.mode); err != nil {
			t.Fatal(err)
		}
		err := store.Reload()
		if want := fmt.Sprintf("upstreams.yaml: the mode %#o lets others read its secrets", c.mode); c.ok != (err == nil) || !c.ok && !strings.Contains(err.Error(), want) {
			t.Errorf("mode %#o: %v", c.mode, err)
		}
	}
}

// TestBadUpstreams checks the faults of upstreams.yaml. No error contains a secret.
func TestBadUpstreams(t *testing.T) {
	cases := []struct {
		name, text string
		want       string // the beginning of the error
	}{
		{"no entry", "upstreams: []", "upstreams.yaml:1:12: no upstream is configured"},
		{"not a list", "upstreams: " + secret, "upstreams.yaml:1:12: "},
		{"unknown key", "upstreams:\n- {registry: a, tokn: " + secret + "}", "upstreams.yaml:2:17: unknown key \"tokn\""},
		{"a secret as a key", "upstreams:\n- {registry: a, token: x, password: [" + secret + "]}", "upstreams.yaml:2:37: "},
		{"no registry", "upstreams:\n- {token: " + secret + "}", "upstreams.yaml:2:3: the upstream does not name its registry"},
		{"another registry", "upstreams:\n- {registry: other, token: " + secret + "}", "upstreams.yaml:2:14: registry \"other\" does not exist"},
		{"a registry twice", "upstreams:\n- {registry: a, token: " + secret + "}\n- {registry: a, token: b}", "upstreams.yaml:3:14: registry \"a\" is listed twice"},
		{"no credential", "upstreams:\n- {registry: a}", "upstreams.yaml:2:3: the upstream has no credential"},
		{"two credentials", "upstreams:\n- {registry: a, token: " + secret + ", username: a, password: b}", "upstreams.yaml:2:24: token excludes username"},
		{"no password", "upstreams:\n- {registry: a, username: a}", "upstreams.yaml:2:27: the username has no password"},
		{"no user", "upstreams:\n- {registry: a, password: " + secret + "}", "upstreams.yaml:2:27: the password has no username"},
		{"a colon in the user", "upstreams:\n- {registry: a, username: \"a:b\", password: " + secret + "}", "upstreams.yaml:2:27: the username contains a colon"},
		{"a line in the password", "upstreams:\n- {registry: a, username: a, password: \"" + secret + "\\n\"}", "upstreams.yaml:2:40: the password contains a control character"},
		{"a line in the token", "upstreams:\n- {registry: a, token: \"" + secret + "\\n\"}", "upstreams.yaml:2:24: the token contains a character"},
		{"a service without a realm", "upstreams:\n- {registry: a, token: " + secret + ", service: x}", "upstreams.yaml:2:"},
		{"a realm without TLS", "upstreams:\n- {registry: a, realm: \"http://realm.example.com/\", username: a, password: " + secret + "}", "upstreams.yaml:2:24: realm: \"http://realm.example.com/\" does not use https"},
		{"a realm with a password", "upstreams:\n- {registry: a, realm: \"https://robot:" + secret + "@realm.example.com/\"}", "upstreams.yaml:2:24: realm: the URL of a token realm contains a user name"},
		{"a password that is a tag", "upstreams:\n- {registry: a, username: a, password: !" + secret + " b}", "upstreams.yaml:2:40: the tag, which begins with !, changes the type"},
		{"an authority that does not exist", "upstreams:\n- {registry: a, realm: \"https://realm.example.com/\", ca: x}", "upstreams.yaml:2:58: ca \"x\" does not exist"},
		{"empty", "", "upstreams.yaml: the file is empty"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, withUpstreams(test.text))
			all := diag.Of(err)
			if len(all) != 1 || !strings.HasPrefix(all[0].Error(), test.want) || all[0].Remedy == "" || strings.Contains(all[0].Error(), secret) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	passing := withUpstreams("upstreams:\n- {registry: a, token: " + secret + "}")
	passing["registries.yaml"] = strings.Replace(passing["registries.yaml"], "name: a", "passAuthorization: true, name: a", 1)
	if _, err := load(t, passing); err == nil || !strings.Contains(err.Error(), "has passAuthorization") {
		t.Errorf("with passAuthorization: %v", err)
	}
}
