package policystore

import (
	"strings"
	"testing"
)

// TestSharedAudiences checks that two registries of one host accept each other's tokens only
// if their audiences are configured so.
func TestSharedAudiences(t *testing.T) {
	const (
		a       = `- {name: a, hosts: [localhost], account: "123456789012", region: eu-central-1}` + "\n"
		refused = "so that each would accept a token for the other"
	)
	b := func(more string) string {
		return `- {name: b, hosts: [localhost], account: "123456789012", region: us-east-1` + more + "}\n"
	}
	for _, c := range []struct {
		name, registries string
		tokens           bool
		want             string // "" if the directory is good
	}{
		{"by default", a + b(""), true, `registries.yaml:3:20: registries "a" and "b" share host "localhost", ` + refused},
		{"by default, and no tokens", a + b(""), false, ""},
		{"one has the other's host as its audience", a + b(", audiences: [localhost]"), true, "registries.yaml:2:20: "},
		{"one has another audience", a + b(", audiences: [b]"), true, ""},
		{"one has another audience and the host", a + b(", audiences: [b, localhost]"), true, refused},
		{"both have the host as their audience", strings.Replace(a, "hosts", "audiences: [localhost], hosts", 1) + b(", audiences: [localhost]"), true, ""},
		{"one does not accept tokens", a + b(", sources: [mtls]"), true, ""},
		{"one accepts tokens as passwords", a + b(", sources: [basic]"), true, refused},
		{"other hosts", a + strings.Replace(b(""), "localhost", "b.example.com", 1), true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := whole(t, newSigner(t))
			if !c.tokens {
				d = small()
			}
			d["registries.yaml"] = "registries:\n" + c.registries
			_, err := load(t, d)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
