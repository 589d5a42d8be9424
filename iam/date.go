package iam

import (
	"cmp"
	"math"
	"strings"
)

// instant is a point in time: whole seconds since 1970 and what is beyond
// them, as decimal digits without trailing zeros.
type instant struct {
	seconds  int64
	fraction string
}

// compare is negative, zero or positive as i is before, at or after j.
func (i instant) compare(j instant) int {
	return cmp.Or(cmp.Compare(i.seconds, j.seconds), cmp.Compare(i.fraction, j.fraction))
}

// parseInstant reads seconds since 1970, with a sign if negative, or the W3C
// profile of ISO 8601: a year, a month, a day, or a day with a time and a zone,
// as in 2026-11-22T06:00:00.5+01:00. Four digits alone are a year. As AWS
// does, it takes a lower-case t or z, hours of one digit and zones without
// minutes.
func parseInstant(s string) (instant, bool) {
	at, zoneless, ok := parsePolicyInstant(s)
	return at, ok && !zoneless
}

// parsePolicyInstant is parseInstant for the value of a policy. As AWS does, it
// accepts a time without a zone, which is then UTC. In the value of a request such
// a time is unclear and is not accepted.
func parsePolicyInstant(s string) (at instant, zoneless, ok bool) {
	d := dateReader{rest: s, ok: true}
	if at := d.calendar(); d.ok && d.rest == "" {
		return at, d.zoneless, true
	}
	seconds, ok := parseSeconds(s)
	return instant{seconds: seconds}, false, ok
}

// parseSeconds reads a 64-bit integer. It counts downwards, because there is
// one more negative number than positive ones.
func parseSeconds(s string) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if digits == "" || !isDigits(digits) {
		return 0, false
	}
	var n int64
	for i := range len(digits) {
		digit := int64(digits[i] - '0')
		if n < (math.MinInt64+digit)/10 {
			return 0, false
		}
		n = n*10 - digit
	}
	if negative {
		return n, true
	}
	return -n, n != math.MinInt64
}

// dateReader reads a date from left to right; ok turns false at the first
// piece that does not fit and stays so.
type dateReader struct {
	rest     string
	ok       bool
	zoneless bool // there is a time and no zone
}

// number reads a number of at least and at most so many digits between low
// and high.
func (d *dateReader) number(least, most, low, high int) int {
	n, width := 0, 0
	for width < most && width < len(d.rest) && '0' <= d.rest[width] && d.rest[width] <= '9' {
		n = n*10 + int(d.rest[width]-'0')
		width++
	}
	d.rest = d.rest[width:]
	d.ok = d.ok && width >= least && low <= n && n <= high
	return n
}

// accept skips one of the two characters if it comes next.
func (d *dateReader) accept(a, b byte) bool {
	if d.rest == "" || d.rest[0] != a && d.rest[0] != b {
		return false
	}
	d.rest = d.rest[1:]
	return true
}

// calendar reads a year, and month, day and time as far as they are given.
func (d *dateReader) calendar() instant {
	year, month, day := d.number(4, 4, 0, 9999), 1, 1
	timed := false
	if d.accept('-', '-') {
		month = d.number(2, 2, 1, 12)
		if d.accept('-', '-') {
			day = d.number(2, 2, 1, daysIn(year, month))
			timed = d.accept('T', 't')
		}
	}
	if !d.ok {
		return instant{}
	}
	midnight := daysSince1970(year, month, day) * 24 * 60 * 60
	if !timed {
		return instant{seconds: midnight}
	}
	at := d.clock()
	at.seconds += midnight
	return at
}

// clock reads hh:mm[:ss[.fraction]] and the zone, as seconds since midnight.
func (d *dateReader) clock() instant {
	var at instant
	seconds := 3600 * d.number(1, 2, 0, 23)
	d.ok = d.accept(':', ':') && d.ok
	seconds += 60 * d.number(2, 2, 0, 59)
	if d.accept(':', ':') {
		seconds += d.number(2, 2, 0, 59)
		if d.accept('.', '.') {
			at.fraction = d.digits()
		}
	}
	at.seconds = int64(seconds - d.zone())
	return at
}

// digits reads at least one digit and drops trailing zeros.
func (d *dateReader) digits() string {
	after := strings.TrimLeft(d.rest, "0123456789")
	digits := d.rest[:len(d.rest)-len(after)]
	d.rest = after
	d.ok = d.ok && digits != ""
	return strings.TrimRight(digits, "0")
}

// zone reads Z, ±hh[:mm] or nothing and returns seconds east of Greenwich.
func (d *dateReader) zone() int {
	sign := 1
	switch {
	case d.rest == "":
		d.zoneless = true
		return 0
	case d.accept('Z', 'z'):
		return 0
	case d.accept('-', '-'):
		sign = -1
	case !d.accept('+', '+'):
		d.ok = false
	}
	seconds := 3600 * d.number(2, 2, 0, 23)
	if d.accept(':', ':') {
		seconds += 60 * d.number(2, 2, 0, 59)
	}
	return sign * seconds
}

// daysBefore is the number of days before each month of a year that begins with March, so
// that the day of a leap year is its last one.
var daysBefore = [...]int{0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337}

// daysSince1970 returns the days between a date of the Gregorian calendar and 1970-01-01.
func daysSince1970(year, month, day int) int64 {
	const of1970 = 719468 // the days before 1970-01-01, from the first of March of year 0
	if month <= 2 {
		year, month = year-1, month+12
	}
	year += 400 // so that no division rounds towards zero
	days := 365*year + year/4 - year/100 + year/400 + daysBefore[month-3] + day - 1
	return int64(days - 146097 - of1970)
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// dateOperand is an instant and what a value has to be towards it.
type dateOperand struct {
	instant  instant
	relation relation
}

func newDateOperand(text string, r relation) (operand, error) {
	at, _, ok := parsePolicyInstant(text)
	if !ok {
		return nil, invalid(text, "is not a date", "write 2026-11-22T06:00:00Z or seconds since 1970")
	}
	return &dateOperand{at, r}, nil
}

func (o *dateOperand) compare(value string, _ Context) verdict {
	return compareDate([]operand{o}, value)
}

// compareDate relates a value to dateOperands, reading it once.
func compareDate(operands []operand, value string) verdict {
	at, ok := parseInstant(value)
	if !ok {
		return unreadable
	}
	for _, o := range operands {
		if o := o.(*dateOperand); o.relation.holds(at.compare(o.instant)) {
			return matches
		}
	}
	return differs
}
