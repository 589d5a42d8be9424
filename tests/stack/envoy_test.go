package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	_ "extauthz/goldentest" // accept -update
)

var elsewhere = Wiring{
	Listener: "127.0.0.9:1111",
	Registry: "127.0.0.9:2222",
	Socket:   "/tmp/elsewhere/extauthz.sock",
	Admin:    "/tmp/elsewhere/envoy.sock",
	Certs:    "/tmp/elsewhere/certs",
}

// TestRewire checks that every address of each example is replaced, and that rewiring again
// changes nothing.
func TestRewire(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(Root(), "examples", "*", "envoy.yaml"))
	if err != nil || len(examples) < 2 {
		t.Fatalf("found %d examples (%v), want at least 2", len(examples), err)
	}
	for _, example := range examples {
		t.Run(filepath.Base(filepath.Dir(example)), func(t *testing.T) {
			before, err := os.ReadFile(example)
			if err != nil {
				t.Fatal(err)
			}
			after, err := Rewire(before, elsewhere)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"1111", "2222", elsewhere.Socket, elsewhere.Admin} {
				if strings.Count(string(after), want) != 1 {
					t.Errorf("%q is %d times in the result, want once", want, strings.Count(string(after), want))
				}
			}
			for _, gone := range []string{"/certs/server", "8080", "8443", "5000", "/run/extauthz"} {
				if strings.Contains(strings.ReplaceAll(string(after), elsewhere.Certs, ""), gone) {
					t.Errorf("%q is still in the result", gone)
				}
			}
			again, err := Rewire(after, elsewhere)
			if err != nil || string(again) != string(after) {
				t.Errorf("rewiring again changes the result (%v)", err)
			}
		})
	}
}

// TestRewireKeepsTheRest checks that nothing else changes in a small configuration.
func TestRewireKeepsTheRest(t *testing.T) {
	const config = `{admin: {address: old}, keep: [1, {file: /certs/a.pem}], static_resources: {
		listeners: [{address: old, name: l}],
		clusters: [{name: ext-authz, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: old}}]}]}},
			{name: registry, type: STATIC, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: old}}]}]}}]}}`
	const want = `{admin: {address: {pipe: {path: /tmp/elsewhere/envoy.sock}}}, keep: [1, {file: /tmp/elsewhere/certs/a.pem}], static_resources: {
		listeners: [{address: {socket_address: {address: 127.0.0.9, port_value: 1111}}, name: l}],
		clusters: [{name: ext-authz, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: /tmp/elsewhere/extauthz.sock}}}}]}]}},
			{name: registry, type: STATIC, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.9, port_value: 2222}}}}]}]}}]}}`
	got, err := Rewire([]byte(config), elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != canonical(t, want) {
		t.Errorf("got\n%s\nwant\n%s", got, canonical(t, want))
	}
}

// TestRewireErrors checks that a missing address is an error, so that no test runs against an
// address of the example.
func TestRewireErrors(t *testing.T) {
	cases := []struct{ name, config, want string }{
		{"not YAML", "{", "yaml"},
		{"no admin", "{}", "[admin]"},
		{"no listener", "{admin: {address: x}, static_resources: {listeners: []}}", "[static_resources listeners 0]"},
		{"no cluster", "{admin: {address: x}, static_resources: {listeners: [{address: x}], clusters: [{name: other}]}}", "[static_resources clusters registry]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Rewire([]byte(c.config), elsewhere)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// canonical returns YAML as the encoder writes it.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	out, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
