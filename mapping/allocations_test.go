package mapping

import "testing"

// pull and mount return requests as clients send them.
func pull() *Request {
	return request("GET", "/v2/team/service/manifests/v1.2.3", "accept: application/json", "host: registry.example")
}

func mount() *Request {
	return request("POST", "/v2/team/service/blobs/uploads/?from=team%2Fbase&mount=sha256%3A69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd",
		"content-length: 0", "content-type: application/json")
}

// TestAllocations checks that mapping a request needs few allocations.
func TestAllocations(t *testing.T) {
	g := testRegistry()
	for _, test := range []struct {
		name    string
		request *Request
		most    float64
	}{
		{"pull", pull(), 2},   // the ARN, the permissions
		{"mount", mount(), 3}, // and the decoded values
	} {
		got := testing.AllocsPerRun(100, func() {
			if _, refusal := g.Map(test.request); refusal != nil {
				t.Fatal(refusal.Message)
			}
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.most)
		}
	}
}

func BenchmarkPull(b *testing.B)  { benchmark(b, pull()) }
func BenchmarkMount(b *testing.B) { benchmark(b, mount()) }

func benchmark(b *testing.B, r *Request) {
	g := testRegistry()
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := g.Map(r); refusal != nil {
			b.Fatal(refusal.Message)
		}
	}
}
