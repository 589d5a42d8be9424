package authz

import (
	"context"
	"maps"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/config"
)

func forwarded(values ...string) []mapping.Header {
	var headers []mapping.Header
	for _, v := range values {
		headers = append(headers, mapping.Header{Name: "x-forwarded-for", Value: v})
	}
	return headers
}

// TestClientAddress checks the address of the client for each number of hops.
func TestClientAddress(t *testing.T) {
	const peer = "192.0.2.1"
	for _, c := range []struct {
		name          string
		hops          int
		peer          string
		headers       []mapping.Header
		want, refused string
	}{
		{"no hops, no header", 0, peer, nil, peer, ""},
		{"no hops, forged header", 0, peer, forwarded("203.0.113.9"), peer, ""},
		{"no hops, no peer", 0, "", forwarded("203.0.113.9"), "", ""},
		{"one hop", 1, peer, forwarded("198.51.100.7, 192.0.2.1"), "198.51.100.7", ""},
		{"one hop, forged entries before", 1, peer, forwarded("203.0.113.9, 198.51.100.7, 192.0.2.1"), "198.51.100.7", ""},
		{"one hop, forged text before", 1, peer, forwarded("' OR 1=1 --,,, 198.51.100.7,192.0.2.1"), "198.51.100.7", ""},
		{"one hop, in two headers", 1, peer, forwarded("198.51.100.7", "192.0.2.1"), "198.51.100.7", ""},
		{"two hops", 2, peer, forwarded("198.51.100.7,10.0.0.1,192.0.2.1"), "198.51.100.7", ""},
		{"IPv6", 1, "2001:db8::1", forwarded("2001:DB8:0::7, 2001:db8:0:0::1"), "2001:db8::7", ""},
		{"IPv4 as IPv6", 1, peer, forwarded("::ffff:198.51.100.7, ::ffff:192.0.2.1"), "198.51.100.7", ""},
		{"a long header", 1, peer, forwarded(strings.Repeat("203.0.113.9, ", 1000) + "198.51.100.7, 192.0.2.1"), "198.51.100.7", ""},
		{"does not pass the hop", 1, peer, forwarded("192.0.2.1"), "", "too few entries"},
		{"does not pass the second hop", 2, peer, forwarded("198.51.100.7, 192.0.2.1"), "", "too few entries"},
		{"no header", 1, peer, nil, "", "too few entries"},
		{"empty header", 1, peer, forwarded(""), "", "too few entries"},
		{"Envoy did not append", 1, peer, forwarded("203.0.113.9, 198.51.100.7"), "", "not the connection's peer"},
		{"peer with a port", 1, peer, forwarded("198.51.100.7, 192.0.2.1:443"), "", "not the connection's peer"},
		{"no peer", 1, "", forwarded("198.51.100.7, "), "", "not the connection's peer"},
		{"client that is not an address", 1, peer, forwarded("unknown, 192.0.2.1"), "", "not an IP address"},
		{"client with a port", 1, peer, forwarded("198.51.100.7:80, 192.0.2.1"), "", "not an IP address"},
		{"client with a zone", 1, peer, forwarded("fe80::1%eth0, 192.0.2.1"), "", "not an IP address"},
		{"empty client", 1, peer, forwarded(", 192.0.2.1"), "", "not an IP address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := (&CheckRequest{Peer: c.peer, Headers: c.headers}).clientAddress(&policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: c.hops}})
			switch {
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused) || got != ""):
				t.Errorf("%q, error %v; want %q", got, err, c.refused)
			case c.refused == "" && (err != nil || got != c.want):
				t.Errorf("%q, error %v; want %q", got, err, c.want)
			}
		})
	}
}

// TestTrustedProxies checks that every hop must be in a trusted network.
func TestTrustedProxies(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("2001:db8:1::/48"), netip.MustParsePrefix("10.0.0.1/32")}
	const outsider, around = "is not one of trustedProxies", "x-forwarded-for that must be a trusted hop"
	for _, c := range []struct {
		name, peer, forwarded string
		hops                  int
		want, refused         string
	}{
		{"a proxy in the list", "192.0.2.1", "198.51.100.7, 192.0.2.1", 1, "198.51.100.7", ""},
		{"the last address of a network", "192.0.2.15", "198.51.100.7, 192.0.2.15", 1, "198.51.100.7", ""},
		{"the first address after it", "192.0.2.16", "198.51.100.7, 192.0.2.16", 1, "", "peer 192.0.2.16 " + outsider},
		{"a single address", "10.0.0.1", "198.51.100.7, 10.0.0.1", 1, "198.51.100.7", ""},
		{"the address next to it", "10.0.0.2", "198.51.100.7, 10.0.0.2", 1, "", outsider},
		{"IPv6", "2001:db8:1::9", "198.51.100.7, 2001:db8:1::9", 1, "198.51.100.7", ""},
		{"IPv6 outside", "2001:db8:2::9", "198.51.100.7, 2001:db8:2::9", 1, "", outsider},
		{"a peer in IPv6 form", "::ffff:192.0.2.1", "198.51.100.7, 192.0.2.1", 1, "198.51.100.7", ""},
		{"a client that connects directly and forges an entry", "203.0.113.9", "198.51.100.7, 203.0.113.9", 1, "", outsider},
		{"a client that connects directly and forges a proxy", "203.0.113.9", "198.51.100.7, 192.0.2.1, 203.0.113.9", 1, "", outsider},
		{"no peer", "", "198.51.100.7, ", 1, "", "not the connection's peer"},
		{"two proxies", "192.0.2.1", "198.51.100.7, 10.0.0.1, 192.0.2.1", 2, "198.51.100.7", ""},
		{"does not pass the outer proxy, with a forged client", "192.0.2.1", "198.51.100.7, 203.0.113.9, 192.0.2.1", 2, "", around},
		{"an outer proxy that is not an address", "192.0.2.1", "198.51.100.7, unknown, 192.0.2.1", 2, "", around},
		{"an outer proxy with a port", "192.0.2.1", "198.51.100.7, 10.0.0.1:80, 192.0.2.1", 2, "", around},
		{"a proxy before the trusted ones", "192.0.2.1", "203.0.113.9, 198.51.100.7, 192.0.2.1", 1, "198.51.100.7", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			registry := &policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: c.hops, TrustedProxies: networks}}
			got, err := (&CheckRequest{Peer: c.peer, Headers: forwarded(c.forwarded)}).clientAddress(registry)
			if got != c.want || (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%q, error %v; want %q and %q", got, err, c.want, c.refused)
			}
		})
	}
	none := &policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: 1, TrustedProxies: []netip.Prefix{}}}
	if got, err := (&CheckRequest{Peer: "192.0.2.1", Headers: forwarded("198.51.100.7, 192.0.2.1")}).clientAddress(none); err == nil {
		t.Errorf("an empty list trusts a proxy: %q", got)
	}
}

// FuzzClientAddress checks that nothing that a client writes into x-forwarded-for, in any
// number of headers, changes the address that the first hop saw.
func FuzzClientAddress(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.9", "203.0.113.9, 203.0.113.10", ",", ", ,", "192.0.2.1", "a\x00b", strings.Repeat(",", 5000)} {
		f.Add(seed, uint8(1), false)
		f.Add(seed, uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, forged string, hops uint8, split bool) {
		n := 1 + int(hops)%16
		entries := []string{"198.51.100.7"} // the client, as the first hop saw it
		for range n {
			entries = append(entries, "192.0.2.1")
		}
		headers := forwarded(forged + ", " + strings.Join(entries, ", "))
		if split {
			headers = forwarded(append([]string{forged}, entries...)...)
		}
		got, err := (&CheckRequest{Peer: "192.0.2.1", Headers: headers}).clientAddress(&policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: n}})
		if err != nil || got != "198.51.100.7" {
			t.Errorf("%d hops: %q, %v", n, got, err)
		}
	})
}

// TestSecureTransport checks which connections count as TLS.
func TestSecureTransport(t *testing.T) {
	proto := func(values ...string) (headers []mapping.Header) {
		for _, v := range values {
			headers = append(headers, mapping.Header{Name: "x-forwarded-proto", Value: v})
		}
		return headers
	}
	for _, c := range []struct {
		name     string
		request  CheckRequest
		registry policystore.Registry
		want     bool
	}{
		{"plain", CheckRequest{}, policystore.Registry{RegistrySettings: new(config.RegistrySettings)}, false},
		{"plain, with a forged scheme", CheckRequest{Headers: append(proto("https"), mapping.Header{Name: ":scheme", Value: "https"})}, policystore.Registry{RegistrySettings: new(config.RegistrySettings)}, false},
		{"server name", CheckRequest{SNI: "registry.example.com"}, policystore.Registry{RegistrySettings: new(config.RegistrySettings)}, true},
		{"listener certificate", CheckRequest{DestinationPrincipal: "registry.example.com"}, policystore.Registry{RegistrySettings: new(config.RegistrySettings)}, true},
		{"configured", CheckRequest{}, policystore.Registry{RegistrySettings: &config.RegistrySettings{TLS: true}}, true},
		{"hops that report https", CheckRequest{Headers: proto("https")}, policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: 1}}, true},
		{"hops that report http, although their own connection is TLS", CheckRequest{Headers: proto("http"), SNI: "a"}, policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: 1, TLS: true}}, false},
		{"hops that report nothing", CheckRequest{SNI: "a"}, policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: 1, TLS: true}}, false},
		{"hops that report two schemes", CheckRequest{Headers: proto("https", "http")}, policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: 1}}, false},
		{"hops that report two schemes in one header", CheckRequest{Headers: proto("https,http")}, policystore.Registry{RegistrySettings: &config.RegistrySettings{TrustedHops: 1}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.request.isTLS(&c.registry); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// TestTrustedHops checks a policy about one address with requests from it, and with requests
// that forge it.
func TestTrustedHops(t *testing.T) {
	contents := maps.Clone(directory)
	contents["registries.yaml"] = `registries:
- {name: main, hosts: [localhost], account: "123456789012", region: eu-central-1}
- {name: hops, hosts: [localhost], account: "123456789012", region: eu-central-1, trustedHops: 1}
- {name: listed, hosts: [localhost], account: "123456789012", region: eu-central-1, trustedHops: 1, trustedProxies: [192.0.2.0/28]}
- {name: vpc, hosts: [localhost], account: "123456789012", region: eu-central-1, vpcEndpoint: {id: vpce-1a2b3c4d, vpc: vpc-1a2b3c4d}}
`
	contents["managed/pull.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}},
  {"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d","aws:SourceVpc":"vpc-1a2b3c4d"},"IpAddress":{"aws:VpcSourceIp":"192.0.2.0/24"},"Null":{"aws:SourceIp":"true"}}}]}`
	checker := newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
	for _, c := range []struct {
		name, registry string
		peer           string
		headers        []mapping.Header
		want           Outcome
		client         string
	}{
		{"from elsewhere", "main", "192.0.2.1", nil, ImplicitDeny, "192.0.2.1"},
		{"from the address", "main", "198.51.100.7", nil, Allowed, "198.51.100.7"},
		{"forges the address", "main", "192.0.2.1", forwarded("198.51.100.7", "198.51.100.7"), ImplicitDeny, "192.0.2.1"},
		{"through the hop", "hops", "192.0.2.1", forwarded("198.51.100.7, 192.0.2.1"), Allowed, "198.51.100.7"},
		{"forges the address before the hop", "hops", "192.0.2.1", forwarded("198.51.100.7, 203.0.113.9, 192.0.2.1"), ImplicitDeny, "203.0.113.9"},
		{"does not pass the hop", "hops", "198.51.100.7", forwarded("198.51.100.7"), Refused, "198.51.100.7"},
		{"through a proxy in the list", "listed", "192.0.2.1", forwarded("198.51.100.7, 192.0.2.1"), Allowed, "198.51.100.7"},
		{"does not pass it, with a forged entry", "listed", "203.0.113.9", forwarded("198.51.100.7, 203.0.113.9"), Refused, "203.0.113.9"},
		{"through the VPC endpoint", "vpc", "192.0.2.1", nil, Allowed, "192.0.2.1"},
		{"forges the VPC endpoint", "main", "192.0.2.1", []mapping.Header{{Name: "x-amz-vpce-id", Value: "vpce-1a2b3c4d"}, {Name: "aws:SourceVpce", Value: "vpce-1a2b3c4d"}}, ImplicitDeny, "192.0.2.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := from("bob", "GET", "/v2/team/app/manifests/v1", c.headers...)
			r.Extensions, r.Peer = Extensions{Registry: c.registry}, c.peer
			result := checker.Check(context.Background(), r)
			if result.Decision != c.want || result.Client != c.client {
				t.Fatalf("%s from %s (%s), want %s from %s", result.Decision, result.Client, result.Reason, c.want, c.client)
			}
			if c.want == Refused {
				checkResult(t, result, Refused, 403, "DENIED", "did not come through the required proxies")
				if !strings.Contains(result.Reason, "too few entries") && !strings.Contains(result.Reason, "not one of trustedProxies") {
					t.Errorf("the log has %q", result.Reason)
				}
			}
		})
	}
}

// TestForgedHeadersChangeNothing checks that headers about the connection change neither the
// answer nor the context.
func TestForgedHeadersChangeNothing(t *testing.T) {
	checker := newChecker(t)
	for _, name := range []string{"x-forwarded-for", "x-forwarded-proto", "x-forwarded-client-cert", "x-envoy-external-address",
		"x-envoy-downstream-service-cluster", "x-envoy-peer-metadata", "x-envoy-internal", "x-remote-user", "x-forwarded-user", "x-amzn-oidc-data", ":scheme", "cookie"} {
		for _, value := range []string{"https", "198.51.100.7", "URI=spiffe://example.com/ci", "alice", ""} {
			for _, user := range []string{"", "bob", "alice"} {
				plain := checkOffline(checker, from(user, "PUT", "/v2/team/app/manifests/v1"))
				forged := checkOffline(checker, from(user, "PUT", "/v2/team/app/manifests/v1", mapping.Header{Name: name, Value: value}))
				if forged.Decision != plain.Decision || forged.Principal != plain.Principal || forged.Client != plain.Client || len(forged.Evaluations) != len(plain.Evaluations) {
					t.Errorf("%s: %s makes %q %s for %s from %s, without it %s for %s", name, value, user, forged.Decision, forged.Principal, forged.Client, plain.Decision, plain.Principal)
				}
				for i := range plain.Requests {
					if got, want := forged.Requests[i].Context, plain.Requests[i].Context; !sameContext(got, want) {
						t.Errorf("%s: %s changes the context from %v to %v", name, value, want, got)
					}
				}
			}
		}
	}
}

// TestHostsWithPorts checks Host headers with and without ports for registries whose hosts
// have no port, a port, and the default ports. Source: RFC 9110, section 4.2, for the ports
// that clients leave out.
func TestHostsWithPorts(t *testing.T) {
	checker := newCheckerOf(t, map[string]string{
		"registries.yaml": `registries:
- {name: any, hosts: [any.example.com, "[2001:db8::1]"], account: "123456789012", region: eu-central-1}
- {name: port, hosts: ["port.example.com:5000", "[2001:db8::1]:5000"], account: "123456789012", region: eu-central-1}
- {name: https, hosts: ["https.example.com:443"], account: "123456789012", region: eu-central-1}
- {name: http, hosts: ["http.example.com:80"], account: "123456789012", region: eu-central-1}
`,
		"principals.yaml": `credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/alice"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [pull]}
`,
		"managed/pull.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`,
	}, "alice")
	const onlyPort = "which has that host with port "
	for _, c := range []struct{ registry, host, refused string }{
		{"any", "any.example.com", ""}, {"any", "any.example.com:443", ""}, {"any", "any.example.com:5000", ""}, {"any", "ANY.example.com:1", ""},
		{"any", "[2001:db8::1]", ""}, {"any", "[2001:db8::1]:8443", ""}, {"any", "other.example.com", "is not a host of registry"},
		{"port", "port.example.com:5000", ""}, {"port", "Port.Example.Com:5000", ""}, {"port", "[2001:db8::1]:5000", ""},
		{"port", "port.example.com", onlyPort + "5000"}, {"port", "port.example.com:443", onlyPort + "5000"}, {"port", "port.example.com:50000", onlyPort + "5000"},
		{"port", "port.example.com:05000", onlyPort + "5000"}, {"port", "[2001:db8::1]", onlyPort + "5000"}, {"port", "other.example.com:5000", "is not a host of registry"},
		{"https", "https.example.com", ""}, {"https", "https.example.com:443", ""}, {"https", "https.example.com:80", onlyPort + "443"}, {"https", "https.example.com:8443", onlyPort + "443"},
		{"http", "http.example.com", ""}, {"http", "http.example.com:80", ""}, {"http", "http.example.com:443", onlyPort + "80"},
	} {
		t.Run(c.registry+" "+c.host, func(t *testing.T) {
			r := from("alice", "GET", "/v2/team/app/manifests/v1")
			r.Extensions, r.Host = Extensions{Registry: c.registry}, c.host
			result := checker.Check(t.Context(), r)
			if c.refused == "" && result.Decision != Allowed || c.refused != "" && (result.Decision == Allowed || !strings.Contains(result.Reason, c.refused)) {
				t.Errorf("%s: %s, want %q", result.Decision, result.Reason, c.refused)
			}
		})
	}
}

// TestClone checks that a copy of a request is equal and shares no memory that is used again.
func TestClone(t *testing.T) {
	r := from("bob", "GET", "/v2/", mapping.Header{Name: "user-agent", Value: "crane"})
	r.Certificate = []byte("certificate")
	c := r.Clone()
	if !reflect.DeepEqual(c, r) {
		t.Errorf("%+v, want %+v", c, r)
	}
	r.Headers[0].Value, r.Certificate[0], r.Path = "", 'x', "/"
	if c.Headers[0].Value == "" || string(c.Certificate) != "certificate" || c.Path != "/v2/" {
		t.Errorf("the copy changed to %+v", c)
	}
}
