package policystore

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// TestContents checks the parts of a snapshot and their positions.
func TestContents(t *testing.T) {
	s, err := load(t, whole(t, newSigner(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := s.Contents()
	if len(c.Policies) < 3 || len(c.Principals) != s.Summary.Principals || len(c.Credentials) == 0 || len(c.Issuers) != s.Summary.Issuers {
		t.Fatalf("%d policies, %d principals, %d credentials, %d issuers; summary %+v", len(c.Policies), len(c.Principals), len(c.Credentials), len(c.Issuers), s.Summary)
	}
	var places []string
	for _, p := range c.Principals {
		places = append(places, fmt.Sprintf("%s:%d", p.Source, p.Line))
		if p.Entity == nil || p.ARN == "" || p.Line == 0 {
			t.Errorf("principal %+v", p)
		}
	}
	slices.Sort(places)
	if len(slices.Compact(places)) != len(c.Principals) {
		t.Errorf("two principals have one position: %v", places)
	}
	for _, i := range c.Issuers {
		if i.Name == "" || i.Provider == "" || i.File != "principals.yaml" || i.Line == 0 {
			t.Errorf("issuer %+v", i)
		}
	}
	for _, credential := range c.Credentials {
		if credential.Principal == "" || credential.Line == 0 {
			t.Errorf("credential %+v", credential)
		}
	}
}

// TestContentsOfTags checks that the tag keys of all repositories are condition keys.
func TestContentsOfTags(t *testing.T) {
	contents := small()
	contents["accounts/123456789012/eu-central-1/repositories/notes/_tags.json"] = `{"Team":"red","stage":""}`
	contents["accounts/123456789012/eu-central-1/repositories/secret/app/_tags.json"] = `{"stage":"test"}`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"aws:resourcetag/stage", "aws:resourcetag/team", "ecr:resourcetag/stage", "ecr:resourcetag/team"}
	if got := slices.Sorted(maps.Keys(s.Contents().TagKeys)); !slices.Equal(got, want) {
		t.Errorf("got %v want %v", got, want)
	}
}
