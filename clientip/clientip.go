package clientip

import "net/netip"

// Network returns the addresses that one client can choose from: an IPv4 address itself, and
// the network of an IPv6 address with the same first 64 bits. An IPv4 address that is mapped to
// IPv6 is an IPv4 address. The network of the zero Addr is the zero Prefix.
func Network(ip netip.Addr) netip.Prefix { return prefix(ip, 32, 64) }

// Area returns a larger network around an address, in which one client can have many networks:
// 24 bits of an IPv4 address, and 48 bits of an IPv6 address.
func Area(ip netip.Addr) netip.Prefix { return prefix(ip, 24, 48) }

func prefix(ip netip.Addr, bits4, bits6 int) netip.Prefix {
	ip = ip.Unmap()
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	p, _ := ip.Prefix(bits) // fails only for more bits than ip has
	return p
}
