package envoy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// TLSFiles are the names of the listener's PEM files. With ClientCA, a client must have a
// certificate that one of its authorities signed.
type TLSFiles struct {
	Cert, Key string
	ClientCA  string // "" if no client certificate is required
}

// Config loads the files and returns a configuration that loads them again at a handshake if
// one of them has changed. If the changed files cannot be loaded, for example in the middle of
// a renewal, the last good ones remain in use, report is called with the reason, and the next
// handshake tries again.
func (f TLSFiles) Config(report func(error)) (*tls.Config, error) {
	r := &reloader{files: f, report: report}
	if err := r.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return r.current(), nil },
	}, nil
}

// Expiry returns when the first certificate in the chain of a configuration from
// [TLSFiles.Config] expires. It loads changed files, as a handshake does.
func Expiry(c *tls.Config) (first time.Time, err error) {
	current, err := c.GetConfigForClient(&tls.ClientHelloInfo{})
	if err != nil {
		return first, err
	}
	for _, der := range current.Certificates[0].Certificate {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return first, err
		}
		if first.IsZero() || certificate.NotAfter.Before(first) {
			first = certificate.NotAfter
		}
	}
	return first, nil
}

// read returns the configuration of the current files.
func (f TLSFiles) read() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %q with key %q: %w", f.Cert, f.Key, err)
	}
	// Envoy's client side uses at most TLS 1.2 unless it is configured otherwise.
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2"},
		Certificates: []tls.Certificate{pair},
	}
	if f.ClientCA == "" {
		return config, nil
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.ClientCAs, err = readAuthorities(f.ClientCA)
	return config, err
}

// readAuthorities reads a PEM bundle, which must contain at least one certificate.
func readAuthorities(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("client authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("client authorities: %q does not contain a PEM certificate", name)
	}
	return pool, nil
}

// fileStates distinguishes the states of the three files.
type fileStates [3]struct {
	modified time.Time
	size     int64
}

// states returns the current state of the files. It follows links.
func (f TLSFiles) states() (s fileStates, err error) {
	for i, name := range []string{f.Cert, f.Key, f.ClientCA} {
		if name == "" {
			continue
		}
		info, statErr := os.Stat(name)
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		s[i].modified, s[i].size = info.ModTime(), info.Size()
	}
	return s, err
}

// reloader contains the configuration of the last good files.
type reloader struct {
	files  TLSFiles
	report func(error)

	mu       sync.Mutex
	states   fileStates
	config   *tls.Config
	reported string // the error that was reported last; "" if the files are good
}

// current returns the configuration for the next handshake.
func (r *reloader) current() *tls.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.load()
	switch {
	case err == nil:
		r.reported = ""
	case err.Error() != r.reported:
		r.reported = err.Error()
		r.report(err)
	}
	return r.config
}

// load loads the files if they have changed. It reads their state before their contents, so
// that the next call detects a change in between.
func (r *reloader) load() error {
	now, err := r.files.states()
	if err != nil {
		return err
	}
	if r.config != nil && now == r.states {
		return nil
	}
	config, err := r.files.read()
	if err != nil {
		return err
	}
	r.states, r.config = now, config
	return nil
}
