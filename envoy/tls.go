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

// TLSFiles names the PEM files of the listener. With ClientCA, a client must
// show a certificate that one of its authorities signed.
type TLSFiles struct {
	Cert, Key string
	ClientCA  string // "" asks for no client certificate
}

// Config loads the files and returns a configuration that loads them again
// whenever one of them has changed by the next handshake. If the changed files
// cannot be loaded, as in the middle of a renewal, the last good ones stay in
// use, report is told why, and the next handshake tries again.
func (f TLSFiles) Config(report func(error)) (*tls.Config, error) {
	r := &renewal{files: f, report: report}
	if err := r.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return r.current(), nil },
	}, nil
}

// read makes a configuration of the files as they are now.
func (f TLSFiles) read() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %q with key %q: %w", f.Cert, f.Key, err)
	}
	// Envoy's client side goes up to TLS 1.2 unless it is configured otherwise.
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

// readAuthorities reads a PEM bundle that must hold at least one certificate.
func readAuthorities(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("client authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("client authorities: %q holds no PEM certificate", name)
	}
	return pool, nil
}

// stamp tells one state of the files from another.
type stamp [3]struct {
	modified time.Time
	size     int64
}

// stamp asks the file system, following links, for the files' current state.
func (f TLSFiles) stamp() (s stamp, err error) {
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

// renewal keeps the configuration of the files' last good state.
type renewal struct {
	files  TLSFiles
	report func(error)

	mu       sync.Mutex
	stamp    stamp
	config   *tls.Config
	reported string // the error reported last; "" since the files are good
}

// current is the configuration for the next handshake.
func (r *renewal) current() *tls.Config {
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

// load takes over the files if they have changed. The stamp is taken before
// the files are read, so that a change in between is seen next time.
func (r *renewal) load() error {
	now, err := r.files.stamp()
	if err != nil {
		return err
	}
	if r.config != nil && now == r.stamp {
		return nil
	}
	config, err := r.files.read()
	if err != nil {
		return err
	}
	r.stamp, r.config = now, config
	return nil
}
