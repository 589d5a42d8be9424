package sigv4

import "testing"

// BenchmarkVerify measures what a signed request costs.
func BenchmarkVerify(b *testing.B) {
	s := newSigned(b, "sts", "eu-central-1", "token", form, now)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.verify("sts", secret); err != nil {
			b.Fatal(err)
		}
	}
}
