package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// BenchmarkInForce measures how long after its last write a change of one file is seen
// through Envoy, as median and maximum, in directories of two sizes. A tenth of a second of
// it is the debounce.
func BenchmarkInForce(b *testing.B) {
	for _, size := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("%d-repositories-and-principals", size), func(b *testing.B) {
			policies := generation(b, 0, true)
			enlarge(b, policies, size)
			sys := newSystem(b, setup{Spec: stack.Spec{Envoy: quickstart(), Policies: policies}})
			file, open := filepath.Join(sys.Policies, filepath.FromSlash(turning)), true
			var waits []time.Duration
			for b.Loop() {
				time.Sleep(time.Second) // the previous change is fully processed
				open = !open
				write(b, file, turningPolicy(open))
				written := time.Now()
				for sys.request(b, "dave", http.MethodGet, "/v2/shared/app/manifests/v1").status != answerOf(open) {
				}
				waits = append(waits, time.Since(written))
			}
			slices.Sort(waits)
			b.ReportMetric(waits[len(waits)/2].Seconds(), "s-median")
			b.ReportMetric(waits[len(waits)-1].Seconds(), "s-most")
		})
	}
}

// enlarge adds size repositories with policies, and size principals.
func enlarge(t testing.TB, policies string, size int) {
	t.Helper()
	var who strings.Builder
	for i := range size {
		folder := filepath.Join(policies, repositories, fmt.Sprintf("team-%d", i%100), fmt.Sprintf("app-%d", i))
		must(t, os.MkdirAll(folder, 0o755))
		write(t, filepath.Join(folder, "_policy.json"), allowing(fmt.Sprintf(`, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "%d"}}`, i%100)))
		fmt.Fprintf(&who, "- {arn: \"arn:aws:iam::123456789012:user/user-%d\", policies: [readers], tags: {team: \"%d\"}}\n", i, i%100)
	}
	file := filepath.Join(policies, "principals.yaml")
	text, err := os.ReadFile(file)
	must(t, err)
	write(t, file, append(text, who.String()...))
}
