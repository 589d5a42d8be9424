package mapping

import (
	"strings"
	"testing"
)

// TestOperationNames checks that each operation has a different name.
func TestOperationNames(t *testing.T) {
	seen := make(map[string]Operation)
	for o := Unsupported; o <= Catalog; o++ {
		if before, ok := seen[o.String()]; ok {
			t.Errorf("%d and %d are both called %s", before, o, o)
		}
		seen[o.String()] = o
	}
	for name, want := range map[string]Operation{
		"Unsupported": 0, "CheckAPI": CheckAPI, "HeadManifest": HeadManifest, "MountBlob": MountBlob,
		"CompleteUpload": CompleteUpload, "CancelUpload": CancelUpload, "DeleteBlob": DeleteBlob, "Catalog": Catalog,
	} {
		if got, ok := seen[name]; !ok || got != want {
			t.Errorf("%s is %d; want %d", name, got, want)
		}
	}
	if got := (Catalog + 1).String(); got != "Unsupported" {
		t.Errorf("an operation that does not exist is called %s", got)
	}
}

// TestEveryOperationIsDescribed checks that no operation lacks a permission, a scope or a
// method.
func TestEveryOperationIsDescribed(t *testing.T) {
	g := testRegistry()
	for o := CheckAPI; o <= Catalog; o++ {
		d := o.describe()
		if len(d.actions) == 0 || len(d.methods) == 0 || (d.scope != "") != (d.on == oneRepository) || d.upload && !d.form {
			t.Errorf("%s: %+v", o, d)
		}
		needed := g.appendPermissions(nil, d, "a", nil, new(strings.Builder))
		if len(needed) == 0 || needed[0].Optional {
			t.Errorf("%s needs %+v", o, needed)
		}
	}
	if needed := g.appendPermissions(nil, Unsupported.describe(), "a", nil, new(strings.Builder)); len(needed) != 0 {
		t.Errorf("Unsupported needs %+v", needed)
	}
}

// TestTokenScope checks the scope of a token for a request of each kind.
func TestTokenScope(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/v2/", ""},
		{"GET", "/v2/_catalog", ""},
		{"GET", "/v2/a/b/manifests/v1", "repository:a/b:pull"},
		{"HEAD", "/v2/a/blobs/" + layer, "repository:a:pull"},
		{"GET", "/v2/a/tags/list", "repository:a:pull"},
		{"PUT", "/v2/a/manifests/v1", "repository:a:pull,push"},
		{"GET", "/v2/a/blobs/uploads/1", "repository:a:pull,push"},
		{"POST", "/v2/a/blobs/uploads/", "repository:a:pull,push"},
		{"POST", "/v2/a/blobs/uploads/?mount=" + layer + "&from=b", "repository:a:pull,push repository:b:pull"},
		{"DELETE", "/v2/a/manifests/v1", "repository:a:delete"},
	} {
		m, refusal := testRegistry().Map(request(c.method, c.path))
		if refusal != nil {
			t.Fatal(refusal.Message)
		}
		if got := m.TokenScope(); got != c.want {
			t.Errorf("%s %s: scope %q, want %q", c.method, c.path, got, c.want)
		}
	}
}
