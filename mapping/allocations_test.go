package mapping

import "testing"

// pull and mount return requests as clients send them.
func pull() *HTTPRequest {
	return request("GET", "/v2/team/service/manifests/v1.2.3", "accept: application/json", "host: registry.example")
}

func mount() *HTTPRequest {
	return request("POST", "/v2/team/service/blobs/uploads/?from=team%2Fbase&mount=sha256%3A69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd",
		"content-length: 0", "content-type: application/json")
}

// pullBehindEnvoy returns a pull with the headers that Envoy adds.
func pullBehindEnvoy() *HTTPRequest {
	return request("GET", "/v2/team/service/manifests/v1.2.3",
		"host: registry.example", "user-agent: containerd/2.1.4", "accept: application/vnd.oci.image.manifest.v1+json, */*",
		"accept-encoding: gzip", "authorization: Bearer x", "x-request-id: 7f1c", "x-forwarded-proto: https", "x-forwarded-for: 192.0.2.7",
		"x-forwarded-client-cert: By=spiffe://a;Hash=b", "x-envoy-external-address: 192.0.2.7", "x-envoy-expected-rq-timeout-ms: 15000",
		"traceparent: 00-1-2-01", "x-b3-traceid: 1", "x-b3-spanid: 2")
}

// TestAllocations checks that mapping a request needs one allocation, for ARNs and decoded
// values, if the caller has memory for the permissions.
func TestAllocations(t *testing.T) {
	g := testRegistry()
	for _, test := range []struct {
		name    string
		request *HTTPRequest
	}{
		{"pull", pull()},
		{"pull behind Envoy", pullBehindEnvoy()},
		{"mount", mount()},
		{"mount without escapes", request("POST", "/v2/team/service/blobs/uploads/?from=team/base&mount="+layer)},
	} {
		got := testing.AllocsPerRun(100, func() {
			var buffer [UsualPermissions]Permission
			if _, refusal := g.MapInto(buffer[:], test.request); refusal != nil {
				t.Fatal(refusal.Message)
			}
		})
		if got > 1 {
			t.Errorf("%s: %v allocations, want at most 1", test.name, got)
		}
	}
}

func BenchmarkPull(b *testing.B)            { benchmark(b, pull()) }
func BenchmarkPullBehindEnvoy(b *testing.B) { benchmark(b, pullBehindEnvoy()) }
func BenchmarkMount(b *testing.B)           { benchmark(b, mount()) }

func benchmark(b *testing.B, r *HTTPRequest) {
	g := testRegistry()
	b.ReportAllocs()
	for b.Loop() {
		var buffer [UsualPermissions]Permission
		if _, refusal := g.MapInto(buffer[:], r); refusal != nil {
			b.Fatal(refusal.Message)
		}
	}
}
