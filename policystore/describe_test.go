package policystore

import (
	"fmt"
	"strings"
	"testing"
)

// TestDescribe checks what a snapshot says about repositories, with an inventory and without one.
func TestDescribe(t *testing.T) {
	const region = "accounts/123456789012/eu-central-1/"
	contents := small()
	contents[region+"repositories/secret/app/_policy.json"] = awsRepositoryPolicy
	contents[region+"repositories/team/app/_tags.json"] = `{"team": "blue"}`
	contents[registryPlace] = awsRegistryPolicy
	contents["registries.yaml"] += `- {name: b, hosts: [b], account: "123456789012", region: eu-west-1}
`
	described := func() (*Registry, *Registry) {
		t.Helper()
		s, err := load(t, contents)
		if err != nil {
			t.Fatal(err)
		}
		return s.RegistryNamed("a"), s.RegistryNamed("b")
	}
	a, b := described()
	if got := fmt.Sprint(a.Repositories(), a.HasRepository("team/app"), a.HasRepository("secret/app"), a.HasRepository("team/none"), a.RepositoryTags("team/app"), a.RepositoryTags("secret/app")); got != "[secret/app team/app] true true false [{team blue}] []" {
		t.Errorf("a has %s", got)
	}
	if text := a.RepositoryPolicy("secret/app"); !strings.HasPrefix(text, "{\n  \"Version\"") || a.RepositoryPolicy("team/app") != "" || !strings.Contains(a.RegistryPolicy(), `"no new ones"`) {
		t.Errorf("the policies are %q and %q", text, a.RegistryPolicy())
	}
	if got := fmt.Sprint(b.Repositories(), b.HasRepository("team/app"), b.RegistryPolicy()); got != "[] false" {
		t.Errorf("b has %s", got)
	}
	contents[inventoryFile] = awsInventory
	if a, _ = described(); fmt.Sprint(a.Repositories(), a.HasRepository("secret/app"), a.HasRepository("x")) != "[secret/app team/app] true false" {
		t.Errorf("the inventory has %v", a.Repositories())
	}
}

// TestRegistryFor checks which registry a call is for.
func TestRegistryFor(t *testing.T) {
	contents := small()
	contents["registries.yaml"] = `registries:
- {name: a, hosts: [a.example.com], account: "123456789012", region: eu-central-1}
- {name: b, hosts: [b.example.com], account: "123456789012", region: eu-west-1}
- {name: c, hosts: [c.example.com], account: "999999999999", region: eu-west-1}
`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ host, account, region, want string }{
		{"a.example.com", "", "", "a"},
		{"a.example.com:8443", "123456789012", "us-east-1", "a"},
		{"a.example.com", "999999999999", "eu-west-1", "c"},
		{"x.example.com", "123456789012", "eu-west-1", "b"},
		{"x.example.com", "999999999999", "", "c"},
		{"x.example.com", "", "eu-central-1", "a"},
		{"x.example.com", "123456789012", "", "several registries could be meant"},
		{"x.example.com", "123456789012", "us-east-1", "no registry has this host name, account and region"},
		{"", "", "", "several"},
	} {
		got := ""
		if r, err := s.RegistryFor(c.host, c.account, c.region); err != nil {
			got = err.Error()
		} else {
			got = r.Name
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s, %s, %s: %s, want %s", c.host, c.account, c.region, got, c.want)
		}
	}
}
