package metrics

import (
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/identity/oidc"
	"extauthz/upstream"
)

// The metrics of what is fetched from URLs have the URL's host as their label. The URL itself
// may contain a secret.
func keysLoaded() *prometheus.Desc {
	return describe("jwks_last_success_timestamp_seconds", "When the keys of issuers at the host were last fetched successfully; with several URLs, the oldest; 0 before the first success.", "host")
}

func keysFailed() *prometheus.Desc {
	return describe("jwks_failures_total", "Failed fetches of the keys of issuers at the host.", "host")
}

func tokenIssued() *prometheus.Desc {
	return describe("upstream_token_last_issued_timestamp_seconds", "When the realm at the host last issued a token for a registry; with several realms, the oldest; 0 before the first.", "host")
}

func tokensFailed() *prometheus.Desc {
	return describe("upstream_token_failures_total", "Failed fetches of tokens for a registry from the realm at the host.", "host")
}

// fetches is the state of what is fetched from a URL or, by byHost, from a host.
type fetches struct {
	url      string
	last     time.Time // that succeeded; of a host, the oldest
	failures uint64
}

func keySetFetches(sets []oidc.KeySetStatus) (all []fetches) {
	for _, set := range sets {
		all = append(all, fetches{set.URL, set.Loaded, set.Failures})
	}
	return all
}

func realmFetches(realms []upstream.RealmStatus) (all []fetches) {
	for _, realm := range realms {
		all = append(all, fetches{realm.URL, realm.Issued, realm.Failures})
	}
	return all
}

// byHost combines the fetches of each host.
func byHost(all []fetches) map[string]fetches {
	hosts := map[string]fetches{}
	for _, f := range all {
		u, err := url.Parse(f.url)
		if err != nil {
			continue // the policy directory has no such URL
		}
		h, found := hosts[u.Host]
		if !found || f.last.Before(h.last) {
			h.last = f.last
		}
		h.failures += f.failures
		hosts[u.Host] = h
	}
	return hosts
}
