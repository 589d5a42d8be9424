package workload

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"extauthz/tests/certs"
	"extauthz/tests/issuer"
)

// A Credential is how the callers of a workload authenticate.
type Credential string

// The credentials.
const (
	Certificate Credential = "certificate" // a client certificate with a SPIFFE ID
	Password    Credential = "password"    // of htpasswd
	Token       Credential = "token"       // of an OpenID Connect issuer
)

const issuerURL = "https://kubernetes.default.svc.cluster.local"

const (
	workloadsOfTeam = 8   // pods of each team
	callerTeams     = 100 // teams that have callers, at most
	tokenCallers    = 100
	passwordCallers = 40
	passwordCost    = 5 // of bcrypt; a verified password is remembered
	tokenLifetime   = 24 * time.Hour
)

// Callers are the callers of a benchmark and their credentials.
type Callers struct {
	Authority *certs.Authority // of the certificates

	users        []string // of htpasswd
	hashes       []string // of their passwords
	keys         string   // the issuer's key set
	tokens       map[pod]string
	certificates map[pod]tls.Certificate
}

// A pod is a workload of a team.
type pod struct{ team, number int }

func (p pod) account() string { return fmt.Sprintf("w-%d", p.number) }

func (p pod) spiffe() string {
	return fmt.Sprintf("spiffe://cluster.local/ns/team-%d/sa/%s", p.team, p.account())
}

// NewCallers creates the certificates, tokens and passwords.
func NewCallers() (*Callers, error) {
	c := &Callers{tokens: map[pod]string{}, certificates: map[pod]tls.Certificate{}}
	var err error
	if c.Authority, err = certs.NewAuthority(); err != nil {
		return nil, err
	}
	for team := range callerTeams {
		for number := range workloadsOfTeam {
			p := pod{team, number}
			if c.certificates[p], err = c.issue(p); err != nil {
				return nil, err
			}
		}
	}
	if err := c.addTokens(); err != nil {
		return nil, err
	}
	return c, c.addUsers()
}

func (c *Callers) issue(p pod) (tls.Certificate, error) {
	id, err := url.Parse(p.spiffe())
	if err != nil {
		return tls.Certificate{}, err
	}
	template := certs.Named("")
	template.URIs = []*url.URL{id}
	return c.Authority.Issue(template)
}

// addTokens signs a token for the first pod of each team.
func (c *Callers) addTokens() error {
	i, err := issuer.Start(issuerURL, issuer.RS256)
	if err != nil {
		return err
	}
	defer i.Close()
	c.keys = string(i.KeySet())
	for team := range tokenCallers {
		p := pod{team, 0}
		subject := fmt.Sprintf("system:serviceaccount:team-%d:%s", team, p.account())
		expiry := issuer.Claims{"exp": time.Now().Add(tokenLifetime).Unix()}
		if c.tokens[p], err = i.Sign(i.Claims(subject, Host, expiry)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Callers) addUsers() error {
	for i := range passwordCallers {
		user := fmt.Sprintf("user-%d", i)
		hash, err := bcrypt.GenerateFromPassword([]byte(passwordOf(user)), passwordCost)
		if err != nil {
			return err
		}
		c.users, c.hashes = append(c.users, user), append(c.hashes, string(hash))
	}
	return nil
}

func passwordOf(user string) string { return user + "-secret" }

func (c *Callers) htpasswd() string {
	var b strings.Builder
	for i, user := range c.users {
		fmt.Fprintf(&b, "%s:%s\n", user, c.hashes[i])
	}
	return b.String()
}

// Certificates returns n client certificates of pods of the first teams, at most teams.
func (c *Callers) Certificates(n, teams int) (all []tls.Certificate) {
	for i := range n {
		all = append(all, c.certificates[pod{i % teams, i / teams % workloadsOfTeam}])
	}
	return all
}

// A caller is what a check contains about who sends it.
type caller struct {
	team          int
	principal     string // the SPIFFE ID, "" without a certificate
	certificate   string // in PEM, with percent-encoding as Envoy's
	authorization string
}

// caller returns a caller of a team. Chosen selects one of several.
func (c *Callers) caller(kind Credential, team, chosen int) caller {
	switch kind {
	case Password:
		user := c.users[team%passwordCallers]
		login := base64.StdEncoding.EncodeToString([]byte(user + ":" + passwordOf(user)))
		return caller{team: team, authorization: "Basic " + login}
	case Token:
		return caller{team: team, authorization: "Bearer " + c.tokens[pod{team, 0}]}
	default:
		p := pod{team, chosen % workloadsOfTeam}
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.certificates[p].Certificate[0]})
		return caller{team: team, principal: p.spiffe(), certificate: percentEncoded(block)}
	}
}

// callerTeamsOf returns how many teams have callers with a kind of credential.
func callerTeamsOf(kind Credential, p *Policies) int {
	switch kind {
	case Password:
		return min(p.Teams, passwordCallers)
	case Token:
		return min(p.Teams, tokenCallers)
	default:
		return min(p.Teams, callerTeams)
	}
}

// percentEncoded returns the PEM form of a certificate as Envoy encodes it.
func percentEncoded(text []byte) string {
	return strings.ReplaceAll(url.QueryEscape(string(text)), "+", "%20")
}
