package iam

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// addressOperand is a range of IP addresses. IPv4 and IPv6 never match each
// other; an IPv4 address mapped into IPv6 is IPv4.
type addressOperand struct{ prefix netip.Prefix }

func newAddressOperand(text string) (operand, error) {
	if address, ok := parseAddress(text); ok {
		return &addressOperand{netip.PrefixFrom(address, address.BitLen())}, nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, invalid(text, "is not an IP address or range", "write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32")
	}
	if address := prefix.Addr(); address.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(address.Unmap(), prefix.Bits()-96)
	}
	return &addressOperand{prefix}, nil
}

func (o *addressOperand) compare(value string, _ Context) verdict {
	return compareAddress([]netip.Prefix{o.prefix.Masked()}, value)
}

// compareAddress relates a value to networks in the order of [disjoint].
func compareAddress(networks []netip.Prefix, value string) verdict {
	address, ok := parseAddress(value)
	if !ok {
		return unreadable
	}
	after, _ := slices.BinarySearchFunc(networks, address, func(n netip.Prefix, a netip.Addr) int {
		if n.Addr().Compare(a) > 0 {
			return 1
		}
		return -1
	})
	return verdictOf(after > 0 && networks[after-1].Contains(address))
}

// disjoint sorts networks by their first address and leaves out those within
// another one. The only one that can then contain an address is the last one
// that does not begin after it.
func disjoint(networks []netip.Prefix) []netip.Prefix {
	for i := range networks {
		networks[i] = networks[i].Masked()
	}
	slices.SortFunc(networks, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	kept := networks[:0]
	for _, n := range networks {
		if len(kept) == 0 || !kept[len(kept)-1].Contains(n.Addr()) {
			kept = append(kept, n)
		}
	}
	return kept
}

// parseAddress reads an address without a zone. It is netip.ParseAddr without
// the error, which would be allocated, and unmaps IPv4 from IPv6.
func parseAddress(s string) (netip.Addr, bool) {
	if !strings.Contains(s, ":") {
		var bytes [4]byte
		ok := parseIPv4(s, &bytes)
		return netip.AddrFrom4(bytes), ok
	}
	var bytes [16]byte
	ok := parseIPv6(s, &bytes)
	return netip.AddrFrom16(bytes).Unmap(), ok
}

// parseIPv4 reads four decimal numbers without leading zeros.
func parseIPv4(s string, bytes *[4]byte) bool {
	for i := range bytes {
		digits, rest, more := strings.Cut(s, ".")
		n := 0
		for j := range len(digits) {
			if digits[j] < '0' || digits[j] > '9' {
				return false
			}
			n = n*10 + int(digits[j]-'0')
			if n > 255 || j > 0 && digits[0] == '0' {
				return false
			}
		}
		if digits == "" || more != (i < 3) {
			return false
		}
		bytes[i], s = byte(n), rest
	}
	return true
}

// parseIPv6 reads eight groups, or fewer around "::", which means at
// least one (RFC 4291, section 2.2).
func parseIPv6(s string, bytes *[16]byte) bool {
	head, tail, elided := strings.Cut(s, "::")
	if !elided {
		n, ok := parseGroups(head, bytes, true)
		return ok && n == len(bytes)
	}
	var after [16]byte
	n, ok := parseGroups(head, bytes, false)
	m, alsoOK := parseGroups(tail, &after, true)
	if !ok || !alsoOK || n+m > len(bytes)-2 {
		return false
	}
	copy(bytes[len(bytes)-m:], after[:m])
	return true
}

// parseGroups reads hexadecimal groups and, at the end if it is the end of the
// address, an IPv4 address. It returns the number of bytes read.
func parseGroups(s string, bytes *[16]byte, last bool) (n int, ok bool) {
	for more := s != ""; more; {
		var group string
		group, s, more = strings.Cut(s, ":")
		if n > len(bytes)-2 {
			return 0, false
		}
		if last && !more && strings.Contains(group, ".") {
			var mapped [4]byte
			if n > len(bytes)-4 || !parseIPv4(group, &mapped) {
				return 0, false
			}
			return n + copy(bytes[n:], mapped[:]), true
		}
		value, ok := parseGroup(group)
		if !ok {
			return 0, false
		}
		bytes[n], bytes[n+1] = byte(value>>8), byte(value)
		n += 2
	}
	return n, true
}

// parseGroup reads one to four hexadecimal digits.
func parseGroup(s string) (value uint16, ok bool) {
	for i := range len(s) {
		digit := strings.IndexByte("0123456789abcdef", lowerASCII(s[i]))
		if digit < 0 {
			return 0, false
		}
		value = value<<4 | uint16(digit)
	}
	return value, 1 <= len(s) && len(s) <= 4
}
