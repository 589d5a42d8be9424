package oidc

import "testing"

func TestKeep(t *testing.T) {
	c := NewKeyCache(KeyCacheOptions{Offline: true})
	set := func(url string) *KeySet {
		t.Helper()
		s, err := c.KeySet(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := set("https://a.example.com/keys"), set("https://b.example.com/keys")
	c.Keep([]*KeySet{a, {}, nil})
	if got := c.Status(); len(got) != 1 || got[0].URL != "https://a.example.com/keys" {
		t.Errorf("kept %+v", got)
	}
	if set("https://a.example.com/keys") != a {
		t.Error("the kept set is another now")
	}
	if set("https://b.example.com/keys") == b {
		t.Error("the forgotten set is still there")
	}
	c.Keep(nil)
	if got := c.Status(); len(got) != 0 {
		t.Errorf("kept %+v", got)
	}
}
