package policystore

import (
	"testing"
)

const goodOrganization = `id: o-a1b2c3d4e5
accounts:
  "111111111111": o-a1b2c3d4e5/r-ab12/
  "222222222222": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/
`

// TestNoOrganization checks that an organization is optional.
func TestNoOrganization(t *testing.T) {
	o, err := loadOrganization(treeOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	if id, paths, ok := o.Member("111111111111"); ok || id != "" || paths != nil {
		t.Errorf("without a file %q %q %t", id, paths, ok)
	}
}
