package policystore

import (
	"cmp"
	"fmt"

	"extauthz/diag"
	"extauthz/policystore/config"
	"extauthz/upstream"
)

// upstreams are the credentials of the registries behind Envoy, by the name of the registry.
type upstreams map[string]*upstream.Credential

// loadUpstreams reads upstreams.yaml, which is optional. A snapshot that forwards no request
// has no credentials.
func (c *compiler) loadUpstreams(configured *config.Registries) upstreams {
	if !c.Has(config.UpstreamsPath) || c.skips(config.UpstreamsPath) {
		return nil
	}
	entries, err := config.ParseUpstreams(c.Text(config.UpstreamsPath))
	c.report(err)
	all, realms := upstreams{}, cmp.Or(c.kept.realms, upstream.NewRealms())
	for i := range entries {
		e := &entries[i]
		if c.report(checkUpstream(e, configured)) {
			continue
		}
		credential, err := c.upstream(e, realms)
		if c.report(err) {
			continue
		}
		all[e.Registry.Text] = credential
	}
	if c.kept.realms == nil {
		return nil
	}
	return all
}

// checkUpstream checks that the registry of an entry exists, and does not need the client's
// credential.
func checkUpstream(e *config.UpstreamEntry, configured *config.Registries) error {
	registry := configured.Named(e.Registry.Text)
	switch {
	case registry == nil && configured.Misses:
		return errFollows
	case registry == nil:
		return diag.New(config.InUpstreams(e.Registry.At), fmt.Sprintf("registry %q does not exist", e.Registry.Text), "write a name in "+config.RegistriesPath)
	case registry.PassAuthorization:
		return diag.New(config.InUpstreams(e.At), fmt.Sprintf("registry %q has passAuthorization, which forwards the client's credential", e.Registry.Text), "remove passAuthorization or the upstream")
	}
	return nil
}

// upstream returns the credential of an entry.
func (c *compiler) upstream(e *config.UpstreamEntry, realms *upstream.Realms) (*upstream.Credential, error) {
	switch {
	case e.Token.Text != "":
		return upstream.Bearer(e.Token.Text), nil
	case e.Realm.Text == "":
		return upstream.Basic(e.Username.Text, e.Password.Text), nil
	}
	var authority []byte
	if e.CA.Text != "" {
		file := "ca/" + e.CA.Text + ".pem"
		if !c.Has(file) {
			return nil, diag.New(config.InUpstreams(e.CA.At), fmt.Sprintf("ca %q does not exist", e.CA.Text), "add the file ca/NAME.pem")
		}
		authority = c.Text(file)
	}
	realm, err := realms.Realm(upstream.RealmOptions{
		URL: e.Realm.Text, Service: e.Service.Text, CA: authority, Username: e.Username.Text, Password: e.Password.Text,
	})
	if err != nil {
		return nil, diag.Wrap(config.InUpstreams(e.Realm.At), "realm: ", err)
	}
	return upstream.FromRealm(realm), nil
}

// credentials returns the credentials in any order.
func (all upstreams) credentials() (list []*upstream.Credential) {
	for _, c := range all {
		list = append(list, c)
	}
	return list
}
