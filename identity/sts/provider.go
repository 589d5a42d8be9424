package sts

import "strings"

// A Provider is an OpenID Connect identity provider, whose tokens assume roles.
type Provider struct {
	Name   string // what a denial calls the issuer
	URL    string // without https://, as trust policies and condition keys have it
	mapped []string
}

// NewProvider returns the provider at a URL without https://.
func NewProvider(name, url string) *Provider { return &Provider{name, url, mappedBy(url)} }

// of is what the trust policy of a role calls the provider: its ARN in the role's
// own account, or the domain of one that AWS knows without such (IAM User Guide,
// "AWS JSON policy elements: Principal").
func (p *Provider) of(role *Entity) string {
	switch p.URL {
	case "accounts.google.com", "cognito-identity.amazonaws.com":
		return p.URL
	}
	return strings.TrimSuffix(role.ARN, role.ARN[strings.Index(role.ARN, ":role/"):]) + ":oidc-provider/" + p.URL
}
