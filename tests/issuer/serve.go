package issuer

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"extauthz/tests/certs"
)

// A Mood is how an issuer answers who asks for its keys.
type Mood int

// The moods.
const (
	Up      Mood = iota // with the key set
	Down                // with 503
	Garbage             // with a page that is none
	Hanging             // not at all, until the mood changes
)

// serve starts serving over TLS, with a certificate of an authority of its own.
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
	i.server.Config.ErrorLog = log.New(io.Discard, "", 0) // who does not trust the authority hangs up
	i.server.StartTLS()
	return nil
}

// Close ends the issuer, and who waits for it.
func (i *Issuer) Close() {
	i.Be(Down)
	i.server.Close()
}

// KeysURL is where the key set is served.
func (i *Issuer) KeysURL() string { return i.server.URL + "/keys" }

// Authority is the certificate, in PEM, of who vouches for KeysURL.
func (i *Issuer) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.authority.Certificate.Raw})
}

// Be changes the mood.
func (i *Issuer) Be(mood Mood) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mood = mood
	close(i.changed)
	i.changed = make(chan struct{})
}

// Fetches is how often the key set was asked for.
func (i *Issuer) Fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// ServeHTTP answers who asks for the keys or for a token.
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

// serveKeys answers who asks for the keys, as the mood is.
func (i *Issuer) serveKeys(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.fetches++
	i.mu.Unlock()
	switch i.settled(r) {
	case Up:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(i.KeySet()) // who hung up gets nothing
	case Garbage:
		_, _ = io.WriteString(w, "<html><body>Under construction</body></html>")
	default:
		http.Error(w, "down", http.StatusServiceUnavailable)
	}
}

// settled waits while the issuer hangs, until whoever asks gives up.
func (i *Issuer) settled(r *http.Request) Mood {
	for {
		i.mu.Lock()
		mood, changed := i.mood, i.changed
		i.mu.Unlock()
		if mood != Hanging {
			return mood
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // ends the connection, and nothing else
		}
	}
}
