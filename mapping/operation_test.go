package mapping

import "testing"

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

func TestEveryOperationAsks(t *testing.T) {
	g := testRegistry()
	for o := CheckAPI; o <= Catalog; o++ {
		asked := g.permissions(o, "a", "b", nil)
		if len(asked) == 0 || asked[0].Optional {
			t.Errorf("%s asks %+v", o, asked)
		}
	}
	if asked := g.permissions(Unsupported, "a", "b", nil); asked != nil {
		t.Errorf("no operation asks %+v", asked)
	}
}
