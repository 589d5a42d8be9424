package outages

import (
	"net/netip"
	"testing"

	"extauthz/tests/dockercli"
)

// network is a network of containers with fixed addresses.
type network struct {
	name string
	next netip.Addr // the next free address
}

// newNetwork creates a network. The engine chooses a free range; but only in a network that was
// created with a range, containers may have fixed addresses.
func newNetwork(t *testing.T, name string) *network {
	t.Helper()
	for attempt := 1; ; attempt++ {
		dockercli.Run(t, "network", "create", name)
		free := dockercli.Inspect(t, name, "{{(index .IPAM.Config 0).Subnet}}")
		dockercli.Run(t, "network", "rm", name)
		_, err := dockercli.Try("network", "create", "--subnet="+free, name)
		if err == nil {
			dockercli.After(t, "network", "rm", name)
			first := netip.MustParsePrefix(free).Masked().Addr()
			return &network{name, first.Next().Next()} // the first one is of the gateway
		}
		if attempt == 5 { // another program created a network with this range
			t.Fatal(err)
		}
	}
}

// address returns a free address.
func (n *network) address() netip.Addr {
	free := n.next
	n.next = n.next.Next()
	return free
}

// disconnect removes a container from the network, and connect returns it with its address.
func (n *network) disconnect(t *testing.T, container string) {
	t.Helper()
	dockercli.Run(t, "network", "disconnect", n.name, container)
}

func (n *network) connect(t *testing.T, container string, address netip.Addr) {
	t.Helper()
	dockercli.Run(t, "network", "connect", "--ip", address.String(), n.name, container)
}
