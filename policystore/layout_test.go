package policystore

import "testing"

// TestMaxSize holds that the limit of a file goes by its name.
func TestMaxSize(t *testing.T) {
	for file, want := range map[string]int64{
		"managed/a.json": 1 << 20, "organization.yaml": 1 << 20,
		"accounts/1/authorization-details.json": 64 << 20, "accounts/1/2/repositories.json": 64 << 20,
		"principals.yaml": 16 << 20, "registries.yaml": 16 << 20, "htpasswd": 16 << 20,
		"xauthorization-details.json": 1 << 20, "authorization-details.json/_policy.json": 1 << 20,
	} {
		if got := maxSize(file); got != want {
			t.Errorf("%s may have %d bytes, want %d", file, got, want)
		}
	}
}
