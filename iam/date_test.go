package iam

import (
	"testing"
	"time"
)

// TestDaysSince1970 compares every day of the years that a policy can name with package time.
func TestDaysSince1970(t *testing.T) {
	day := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := day.Unix() / (24 * 60 * 60); day.Year() < 10_000; n++ {
		if got := daysSince1970(day.Year(), int(day.Month()), day.Day()); got != n {
			t.Fatalf("%v: %d days since 1970, want %d", day, got, n)
		}
		next := day.AddDate(0, 0, 1)
		if last := next.Day() == 1; last != (day.Day() == daysIn(day.Year(), int(day.Month()))) {
			t.Fatalf("%v: the last day of the month is %t", day, last)
		}
		day = next
	}
}
