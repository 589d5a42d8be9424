package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"extauthz/diag"
)

// byteSize is a number of bytes. Its text form may have a unit.
type byteSize uint64

// byteUnits are the units of a size, the largest first.
var byteUnits = []struct {
	suffix string
	bytes  uint64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

// UnmarshalText parses a size such as 512MiB.
func (m *byteSize) UnmarshalText(text []byte) error {
	for _, unit := range byteUnits {
		digits, found := strings.CutSuffix(string(text), unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || n == 0 || n > math.MaxInt64/unit.bytes {
			break
		}
		*m = byteSize(n * unit.bytes)
		return nil
	}
	return diag.Problemf("%q is not a size", text).WithRemedy("write bytes, or a number with KiB, MiB or GiB such as 512MiB")
}

// MarshalText returns the size in the largest unit that divides it.
func (m byteSize) MarshalText() ([]byte, error) {
	for _, unit := range byteUnits {
		if m > 0 && uint64(m)%unit.bytes == 0 {
			return fmt.Appendf(nil, "%d%s", uint64(m)/unit.bytes, unit.suffix), nil
		}
	}
	return []byte("0"), nil
}
