package policystore

import (
	"fmt"
	"regexp"
)

// networkEntry is how requests reach a registry, in registries.yaml.
type networkEntry struct {
	TrustedHops int          `yaml:"trustedHops"`
	VPCEndpoint *VPCEndpoint `yaml:"vpcEndpoint"`
}

// A VPCEndpoint is the interface endpoint by which every request to a registry
// comes.
type VPCEndpoint struct {
	ID  string `yaml:"id"`  // such as vpce-1a2b3c4d
	VPC string `yaml:"vpc"` // the endpoint's network, such as vpc-1a2b3c4d
}

// maxTrustedHops is more proxies in a row than anybody has.
const maxTrustedHops = 16

// The forms of the ids of endpoints and networks (Amazon EC2 User Guide,
// "Resource IDs": 8 or 17 characters behind the prefix).
var (
	endpointID = regexp.MustCompile(`^vpce-([0-9a-f]{8}|[0-9a-f]{17})$`)
	networkID  = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// check returns the key whose value is wrong and what is wrong with it.
func (e *networkEntry) check() (key string, err error) {
	switch {
	case e.TrustedHops < 0 || e.TrustedHops > maxTrustedHops:
		return "trustedHops", fmt.Errorf("trustedHops %d: write how many proxies stand before Envoy, 0 to %d", e.TrustedHops, maxTrustedHops)
	case e.VPCEndpoint == nil:
		return "", nil
	case !endpointID.MatchString(e.VPCEndpoint.ID):
		return "vpcEndpoint", fmt.Errorf("vpcEndpoint id %q: write the id of a VPC endpoint, such as vpce-1a2b3c4d", e.VPCEndpoint.ID)
	case !networkID.MatchString(e.VPCEndpoint.VPC):
		return "vpcEndpoint", fmt.Errorf("vpcEndpoint vpc %q: write the id of the endpoint's VPC, such as vpc-1a2b3c4d", e.VPCEndpoint.VPC)
	}
	return "", nil
}
