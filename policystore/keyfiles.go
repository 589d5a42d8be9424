package policystore

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"extauthz/identity/oidc"
	"extauthz/policystore/directory"
)

// keyFiles are the files by which tokens are verified, by path: the key sets of
// issuers, and the authorities that vouch for the servers of others.
type keyFiles struct {
	keys        map[string]*oidc.KeySet
	authorities map[string][]byte // PEM
}

// loadKeyFiles reads every file in jwks/ and ca/, named by an issuer or not.
func loadKeyFiles(t *directory.Tree) (*keyFiles, error) {
	f := &keyFiles{keys: map[string]*oidc.KeySet{}, authorities: map[string][]byte{}}
	for _, file := range t.Paths {
		switch {
		case strings.HasPrefix(file, "jwks/"):
			keys, err := oidc.ParseKeySet(file, t.Text(file))
			if err != nil {
				return nil, err
			}
			f.keys[file] = keys
		case strings.HasPrefix(file, "ca/"):
			if err := checkAuthorities(file, t.Text(file)); err != nil {
				return nil, err
			}
			f.authorities[file] = t.Text(file)
		}
	}
	return f, nil
}

// checkAuthorities wants a file of PEM certificates and nothing else between
// them but comments.
func checkAuthorities(file string, text []byte) error {
	found := 0
	for rest := text; ; found++ {
		var block *pem.Block
		line := 1 + bytes.Count(text[:len(text)-len(rest)], []byte("\n"))
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("%s:%d: holds a %s; keep certificates alone", file, line, block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("%s:%d: the certificate cannot be parsed: %w; save it again", file, line, err)
		}
	}
	if found == 0 || bytes.Count(text, []byte("-----BEGIN ")) != found {
		return fmt.Errorf("%s:1: holds no certificate, or a broken one; write PEM, -----BEGIN CERTIFICATE-----", file)
	}
	return nil
}
