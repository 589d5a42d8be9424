package metrics

import (
	"maps"
	"testing"
	"time"

	"extauthz/upstream"
)

func TestRealmsByHost(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	got := realmsByHost([]upstream.RealmStatus{
		{URL: "https://a.example.com/one?token=s3cret", Issued: late, Failures: 1},
		{URL: "https://a.example.com/two", Issued: early, Failures: 2},
		{URL: "https://b.example.com:8443/token"},
	})
	want := map[string]hostRealms{"a.example.com": {early, 3}, "b.example.com:8443": {}}
	if !maps.Equal(got, want) {
		t.Errorf("hosts %v, want %v", got, want)
	}
}
