package main

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"extauthz/policystore/policystoretest"
)

func TestSnapshotShowsIssuers(t *testing.T) {
	store, _ := policystoretest.StoreOfIssuers(t)
	a := &admin{store: store}
	w := httptest.NewRecorder()
	a.snapshot(w, nil)
	var got struct{ Issuers []issuerView }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Issuers) != 3 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	good, bad, mesh := got.Issuers[0], got.Issuers[1], got.Issuers[2]
	if good.Name != "good" || good.URL != "https://good.example.com" || good.Keys == nil || good.Keys.Usable != 1 || good.Keys.LastLoaded == nil || good.Keys.LastError != "" {
		t.Errorf("good is %+v", good)
	}
	if bad.Keys == nil || bad.Keys.Usable != 0 || bad.Keys.LastLoaded != nil || !strings.Contains(bad.Keys.LastError, "404") || bad.Keys.Failures != 1 {
		t.Errorf("bad is %+v", bad)
	}
	if mesh.Name != "mesh" || mesh.JWKS != "" || mesh.Keys != nil {
		t.Errorf("mesh is %+v", mesh)
	}
}
