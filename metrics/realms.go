package metrics

import (
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/upstream"
)

// The metrics of realms have the realm's host as their label, as those of keys have.
func tokenIssued() *prometheus.Desc {
	return describe("upstream_token_last_issued_timestamp_seconds", "When the realm at the host last issued a token for a registry; with several realms, the oldest; 0 before the first.", "host")
}

func tokensFailed() *prometheus.Desc {
	return describe("upstream_token_failures_total", "Failed fetches of tokens for a registry from the realm at the host.", "host")
}

// hostRealms is the state of the realms at one host.
type hostRealms struct {
	issued   time.Time // the oldest
	failures uint64
}

// realmsByHost combines the realms of each host.
func realmsByHost(all []upstream.RealmStatus) map[string]hostRealms {
	hosts := map[string]hostRealms{}
	for _, realm := range all {
		u, err := url.Parse(realm.URL)
		if err != nil {
			continue // the policy directory has no such URL
		}
		h, found := hosts[u.Host]
		if !found || realm.Issued.Before(h.issued) {
			h.issued = realm.Issued
		}
		h.failures += realm.Failures
		hosts[u.Host] = h
	}
	return hosts
}
