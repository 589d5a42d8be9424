package main

import (
	"time"

	"extauthz/identity/oidc"
	"extauthz/policystore"
)

// issuerView is an issuer whose tokens count, in the JSON of /snapshot.
type issuerView struct {
	policystore.Issuer
	Keys *keySetView `json:"keys,omitempty"` // where they come from a URL
}

// keySetView says how it stands with keys at a URL.
type keySetView struct {
	Usable     int        `json:"usable"`
	LastLoaded *time.Time `json:"lastLoaded"` // null while none were had
	LastError  string     `json:"lastError"`  // "" if the last fetch was good
	Failures   uint64     `json:"failures"`
}

// viewIssuers puts issuers and the state of their keys together.
func viewIssuers(issuers []policystore.Issuer, sets []oidc.KeySetStatus) []issuerView {
	views := make([]issuerView, len(issuers))
	for i, issuer := range issuers {
		views[i].Issuer = issuer
		for _, set := range sets {
			if set.URL != issuer.JWKS {
				continue
			}
			views[i].Keys = &keySetView{Usable: set.Keys, LastError: set.LastError, Failures: set.Failures}
			if !set.Loaded.IsZero() {
				views[i].Keys.LastLoaded = &set.Loaded
			}
		}
	}
	return views
}
