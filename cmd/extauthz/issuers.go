package main

import (
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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

// The metrics of keys at URLs, by the URL's host: those of several URLs at one
// host are told together.
func keysLoaded() *prometheus.Desc {
	return describe("jwks_last_success_timestamp_seconds", "When the keys of issuers at the host were last fetched well, the worst of them; 0 while never.", "host")
}

func keysFailed() *prometheus.Desc {
	return describe("jwks_failures_total", "Fetches of the keys of issuers at the host that failed.", "host")
}

// keyHost is what is known of the keys at one host.
type keyHost struct {
	loaded   time.Time // the oldest
	failures uint64
}

// byHost sums key sets up by the host of their URLs.
func byHost(sets []oidc.KeySetStatus) map[string]keyHost {
	hosts := map[string]keyHost{}
	for _, set := range sets {
		u, err := url.Parse(set.URL)
		if err != nil {
			continue // no such set is made
		}
		h, known := hosts[u.Host]
		if !known || set.Loaded.Before(h.loaded) {
			h.loaded = set.Loaded
		}
		h.failures += set.Failures
		hosts[u.Host] = h
	}
	return hosts
}

// collectKeys reads the metrics of key sets.
func collectKeys(ch chan<- prometheus.Metric, sets []oidc.KeySetStatus) {
	for host, h := range byHost(sets) {
		ch <- prometheus.MustNewConstMetric(keysLoaded(), prometheus.GaugeValue, seconds(h.loaded), host)
		ch <- prometheus.MustNewConstMetric(keysFailed(), prometheus.CounterValue, float64(h.failures), host)
	}
}
