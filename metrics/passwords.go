package metrics

import "github.com/prometheus/client_golang/prometheus"

func passwordHashes() *prometheus.Desc {
	return describe("password_hashes_total", "Hashes of passwords that were computed, by whether the password was right.", "result")
}

func passwordRejections() *prometheus.Desc {
	return describe("password_rejections_total", "Logins that were refused because of too many wrong passwords (rateLimited), or because there was no time for a hash (overloaded).", "reason")
}

// collectPasswords sends the counters of passwords.
func (c *collector) collectPasswords(ch chan<- prometheus.Metric) {
	s := c.Store.Passwords()
	for _, one := range []struct {
		*prometheus.Desc
		label string
		value uint64
	}{
		{passwordHashes(), "right", s.Right},
		{passwordHashes(), "wrong", s.Wrong},
		{passwordRejections(), "rateLimited", s.RateLimited},
		{passwordRejections(), "overloaded", s.Overloaded},
	} {
		ch <- prometheus.MustNewConstMetric(one.Desc, prometheus.CounterValue, float64(one.value), one.label)
	}
}
