package issuer

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"extauthz/tests/certs"
)

// A State is how an issuer responds to requests for its keys.
type State int

// The states.
const (
	Up      State = iota // with the key set
	Down                 // with status 503
	Garbage              // with a page that is not a key set
	Hanging              // not at all, until the state changes
)

// serve starts serving over TLS, with a certificate of a new authority.
func (i *Issuer) serve() (err error) {
	if i.authority, err = certs.NewAuthority(); err != nil {
		return err
	}
	template := certs.Named("an issuer of the tests")
	template.IPAddresses, template.DNSNames = []net.IP{net.IPv4(127, 0, 0, 1)}, []string{"localhost"}
	certificate, err := i.authority.Issue(template)
	if err != nil {
		return err
	}
	i.server = httptest.NewUnstartedServer(i)
	i.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	i.server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust the authority end the connection
	i.server.StartTLS()
	return nil
}

// Close ends the issuer and all requests to it.
func (i *Issuer) Close() {
	i.Set(Down)
	i.server.Close()
}

// KeysURL returns the URL of the key set.
func (i *Issuer) KeysURL() string { return i.server.URL + "/keys" }

// Authority returns the certificate, in PEM, of the authority of the server certificate.
func (i *Issuer) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.authority.Certificate.Raw})
}

// Set changes the state.
func (i *Issuer) Set(state State) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.state = state
	close(i.changed)
	i.changed = make(chan struct{})
}

// Fetches returns how often the key set was requested.
func (i *Issuer) Fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// ServeHTTP responds to requests for the keys and for a token.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/keys":
		i.serveKeys(w, r)
	case "/token":
		i.serveToken(w, r)
	default:
		http.NotFound(w, r)
	}
}

// serveKeys responds to a request for the keys.
func (i *Issuer) serveKeys(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.fetches++
	i.mu.Unlock()
	switch i.wait(r) {
	case Up:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(i.KeySet()) // fails if the client ended the connection
	case Garbage:
		_, _ = io.WriteString(w, "<html><body>Under construction</body></html>")
	default:
		http.Error(w, "down", http.StatusServiceUnavailable)
	}
}

// wait returns the state after the issuer no longer hangs. It ends with the request.
func (i *Issuer) wait(r *http.Request) State {
	for {
		i.mu.Lock()
		state, changed := i.state, i.changed
		i.mu.Unlock()
		if state != Hanging {
			return state
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // ends only the connection
		}
	}
}

// A Grant returns the claims of the token for a user name and password and the service and scope
// in the query, or nil to reject the request.
type Grant func(user, password string, query url.Values) Claims

// Grants makes the issuer also a token service, which registries name in a Bearer challenge (the
// distribution project's token authentication specification).
func (i *Issuer) Grants(grant Grant) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.grant = grant
}

// TokensURL returns the URL of the token service. It has a host name, because clients do not send
// passwords to an address that a registry with another address names.
func (i *Issuer) TokensURL() string {
	return strings.Replace(i.server.URL, "127.0.0.1", "localhost", 1) + "/token"
}

// serveToken responds to a request for a token.
func (i *Issuer) serveToken(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	grant := i.grant
	i.mu.Unlock()
	user, password, found := r.BasicAuth()
	if grant == nil || !found {
		http.Error(w, "no password", http.StatusUnauthorized)
		return
	}
	claims := grant(user, password, r.URL.Query())
	if claims == nil {
		http.Error(w, "wrong password", http.StatusUnauthorized)
		return
	}
	token, err := i.Sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token}) // fails if the client ended the connection
}
