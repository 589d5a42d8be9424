package authz

import (
	"bytes"
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"extauthz/decision"
	"extauthz/mapping"
	"extauthz/policystore"
)

// pullByCertificate returns a checker with the policies of examples/mtls, and a pull by a
// builder that has a certificate, with the headers that Envoy adds.
func pullByCertificate(t testing.TB) (*Checker, *CheckRequest) {
	t.Helper()
	snapshot, err := policystore.Load("../examples/mtls/policies", decision.Options{CacheSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	r := from("", "GET", "/v2/team/app/manifests/v1.2.3")
	r.Extensions = Extensions{Registry: "mtls"}
	r.Host, r.Principal, r.SNI = "localhost", "spiffe://example.com/ns/ci/sa/builder", "localhost"
	r.Certificate = []byte(certificate(t, r.Principal))
	r.Headers = nil
	for _, h := range [][2]string{
		{"host", "localhost"}, {"user-agent", "containerd/2.1.4"}, {"accept", "application/vnd.oci.image.manifest.v1+json"},
		{"accept-encoding", "gzip"}, {"x-request-id", "7f1c"}, {"x-forwarded-for", "192.0.2.1"}, {"x-forwarded-proto", "https"},
		{"x-forwarded-client-cert", "By=spiffe://a;Hash=b"}, {"x-envoy-external-address", "192.0.2.1"}, {"traceparent", "00-1-2-01"},
		{"x-b3-traceid", "1"}, {"x-b3-spanid", "2"},
	} {
		r.Headers = append(r.Headers, mapping.Header{Name: h[0], Value: h[1]})
	}
	c := &Checker{Snapshots: func() *policystore.Snapshot { return snapshot }}
	if result := c.Check(context.Background(), r); result.Decision != Allowed || result.Source != "mtls" {
		t.Fatalf("%v: %s", result.Decision, result.Reason)
	}
	return c, r
}

// TestChecksAreSeparate checks that requests at the same time, which use the memory of earlier
// requests, have the results that they have alone.
func TestChecksAreSeparate(t *testing.T) {
	var requests []*CheckRequest
	for _, user := range []string{"alice", "bob", "carol", "dave", ""} {
		for _, line := range [][2]string{
			{"GET", "/v2/"}, {"GET", "/v2/team/app/manifests/v1"}, {"PUT", "/v2/team/app/manifests/prod-1"}, {"GET", "/v2/secret/app/manifests/v1"},
			{"PUT", "/v2/team/app/manifests/" + digest + "?tag=a&tag=prod-b&tag=c"}, {"POST", "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=secret/app"},
			{"HEAD", "/v2/team/app/blobs/" + digest}, {"GET", "/v2/team/../app/manifests/v1"},
		} {
			for _, host := range []string{"localhost", "open.example.com", "elsewhere.example.com"} {
				r := from(user, line[0], line[1], mapping.Header{Name: "user-agent", Value: user + line[1]})
				r.Host, r.Extensions, r.Peer = host, Extensions{}, "192.0.2."+strconv.Itoa(len(requests)%250)
				requests = append(requests, r)
			}
		}
	}
	for _, omit := range []bool{false, true} {
		shared := newChecker(t)
		shared.OmitReasons = omit
		want := make([]*Result, len(requests))
		for i, r := range requests {
			alone := &Checker{Snapshots: shared.Snapshots, OmitReasons: omit}
			want[i] = alone.Check(context.Background(), r)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 10 {
					for _, i := range rand.Perm(len(requests)) {
						if got := shared.Check(context.Background(), requests[i]); !sameResult(got, want[i]) {
							t.Errorf("%s %s at %s: got %+v, want %+v", requests[i].Method, requests[i].Path, requests[i].Host, got, want[i])
						}
					}
				}
			})
		}
		all.Wait()
	}
}

// sameResult reports whether two results differ only in their IDs and in where their reasons
// are.
func sameResult(a, b *Result) bool {
	return reflect.DeepEqual(withoutID(a), withoutID(b))
}

// withoutID returns a result without its ID.
func withoutID(r *Result) Result {
	without := *r
	without.ID, without.Answer.Body = "", bytes.ReplaceAll(r.Answer.Body, []byte(r.ID), nil)
	without.Answer.Headers = slices.Clone(r.Answer.Headers)
	for i, h := range without.Answer.Headers {
		without.Answer.Headers[i].Value = strings.ReplaceAll(h.Value, r.ID, "")
	}
	return without
}

func BenchmarkPullByCertificate(b *testing.B) {
	for name, omit := range map[string]bool{"without reasons": true, "with reasons": false} {
		b.Run(name, func(b *testing.B) {
			c, r := pullByCertificate(b)
			c.OmitReasons = omit
			b.ReportAllocs()
			for b.Loop() {
				c.Check(context.Background(), r)
			}
		})
	}
}
