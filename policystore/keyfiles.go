package policystore

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/identity/oidc"
)

// keyFiles are the files by which tokens are verified, by path: the key sets of
// issuers, and the authorities that vouch for the servers of others.
type keyFiles struct {
	keys        map[string]*oidc.KeySet
	authorities map[string][]byte // PEM
}

// loadKeyFiles reads every file in jwks/ and ca/, including those that no issuer refers
// to. A file with faults is present and nil.
func (c *compiler) loadKeyFiles() *keyFiles {
	f := &keyFiles{keys: map[string]*oidc.KeySet{}, authorities: map[string][]byte{}}
	for _, file := range c.Paths {
		switch {
		case strings.HasPrefix(file, "jwks/"):
			f.keys[file] = nil
			if c.unusable[file] {
				continue
			}
			if keys, err := oidc.ParseKeySet(file, c.Text(file)); !c.report(err) {
				f.keys[file] = keys
			}
		case strings.HasPrefix(file, "ca/"):
			f.authorities[file] = nil
			if !c.unusable[file] && !c.report(checkAuthorities(file, c.Text(file))) {
				f.authorities[file] = c.Text(file)
			}
		}
	}
	return f
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
			return faultAt(file, diag.Point{Line: line}, "contains a "+block.Type, "keep only certificates")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return faultAt(file, diag.Point{Line: line}, fmt.Sprintf("the certificate cannot be parsed: %v", err), "save it again")
		}
	}
	if found == 0 || bytes.Count(text, []byte("-----BEGIN ")) != found {
		return faultAt(file, diag.Point{Line: 1}, "contains no certificate, or an invalid one", "write PEM, -----BEGIN CERTIFICATE-----")
	}
	return nil
}
