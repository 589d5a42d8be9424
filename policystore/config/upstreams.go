package config

import (
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/strictyaml"
	"extauthz/upstream"
)

// UpstreamsPath is the path of the file with the credentials of the registries behind Envoy.
const UpstreamsPath = "upstreams.yaml"

// upstreamsFile is upstreams.yaml.
type upstreamsFile struct {
	Upstreams []UpstreamEntry `yaml:"upstreams"`
}

// An UpstreamEntry is the credential with which allowed requests are forwarded to a registry:
// a user, a token, or a realm that issues tokens to a user or to anyone. No error contains a
// password or token.
type UpstreamEntry struct {
	At       diag.Point        `yaml:",position"`
	Registry strictyaml.String `yaml:"registry"`
	Username strictyaml.String `yaml:"username"`
	Password strictyaml.String `yaml:"password"`
	Token    strictyaml.String `yaml:"token"`
	Realm    strictyaml.String `yaml:"realm"`
	Service  strictyaml.String `yaml:"service"`
	CA       strictyaml.String `yaml:"ca"`
}

// InUpstreams returns a position in upstreams.yaml.
func InUpstreams(p diag.Point) diag.Position { return diag.File(UpstreamsPath).At(p) }

// ParseUpstreams parses upstreams.yaml. It leaves out entries with faults.
func ParseUpstreams(text []byte) ([]UpstreamEntry, error) {
	var content upstreamsFile
	var faults diag.Faults
	file, err := strictyaml.Decode(UpstreamsPath, text, &content)
	faults.Add(err)
	if file == nil {
		return nil, faults.Err()
	}
	if len(content.Upstreams) == 0 && file.IsKnown("upstreams") {
		faults.Add(file.ErrorAt(diag.New(diag.Position{}, "no upstream is configured", "add one, or remove the file"), "upstreams"))
	}
	var valid []UpstreamEntry
	registries := map[string]bool{}
	for i := range content.Upstreams {
		at := newEntry(file, "upstreams", i)
		e := &content.Upstreams[i]
		e.check(at)
		if e.Registry.Text != "" && registries[e.Registry.Text] {
			at.fault(fmt.Sprintf("registry %q is listed twice", e.Registry.Text), "keep one", "registry")
		}
		registries[e.Registry.Text] = true
		if faults.Add(at.faults.Err()); !at.faulty {
			valid = append(valid, *e)
		}
	}
	return valid, faults.Err()
}

// check checks that the entry describes one credential.
func (e *UpstreamEntry) check(at *entry) {
	if !at.knows("registry", "username", "password", "token", "realm", "service", "ca") {
		return
	}
	user := e.Username.Text != "" || e.Password.Text != ""
	switch {
	case e.Registry.Text == "":
		at.fault("the upstream does not name its registry", "add registry, a name in registries.yaml")
	case e.Token.Text != "" && (user || e.Realm.Text != ""):
		at.fault("token excludes username, password and realm", "keep the token or the others", "token")
	case e.Token.Text == "" && e.Realm.Text == "" && !user:
		at.fault("the upstream has no credential", "add username and password, token, or realm")
	}
	e.checkUser(at, user)
	if e.Token.Text != "" && !upstream.IsToken(e.Token.Text) {
		at.fault("the token contains a character that a header must not contain", "use printable ASCII without spaces, commas and semicolons", "token")
	}
	for key, value := range map[string]string{"service": e.Service.Text, "ca": e.CA.Text} {
		if value != "" && e.Realm.Text == "" {
			at.fault(key+" is for a realm", "add realm, or remove it", key)
		}
	}
}

// checkUser checks a user and password (RFC 7617, section 2).
func (e *UpstreamEntry) checkUser(at *entry, given bool) {
	if !given {
		return
	}
	isControl := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case e.Username.Text == "":
		at.fault("the password has no username", "add username", "password")
	case e.Password.Text == "":
		at.fault("the username has no password", "add password", "username")
	case strings.Contains(e.Username.Text, ":"):
		at.fault("the username contains a colon, which ends it in a header", "use another user", "username")
	case strings.ContainsFunc(e.Username.Text, isControl):
		at.fault("the username contains a control character", "remove it", "username")
	case strings.ContainsFunc(e.Password.Text, isControl):
		at.fault("the password contains a control character", "remove it", "password")
	}
}
