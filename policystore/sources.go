package policystore

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/oidc"
	"extauthz/policystore/awsexport"
	"extauthz/policystore/config"
	"extauthz/strictyaml"
)

// sources are what the entries of principals.yaml and of the outputs of accounts refer to.
type sources struct {
	*compiler
	accounts accounts
	managed  managedPolicies
	trust    trustPolicies
	files    *keyFiles
	attached map[string]bool // the names of the policies of users, roles and groups in principals.yaml
}

// loadSources reads what entries refer to.
func (c *compiler) loadSources() *sources {
	accounts := c.loadAccounts()
	return &sources{compiler: c, accounts: accounts, managed: c.loadManaged(accounts.list), trust: c.loadTrust(), files: c.loadKeyFiles(), attached: map[string]bool{}}
}

// reportAt reports an error about a value in principals.yaml, and returns whether err is not
// nil. Faults in other files retain their positions.
func (from *sources) reportAt(at diag.Point, err error) bool {
	if err == nil || errors.Is(err, errFollows) || errors.As(err, new(memoryError)) {
		return from.report(err)
	}
	return from.report(diag.Wrap(config.InPrincipals(at), "", err))
}

// policies returns the managed policies that an entry of principals.yaml refers to, and
// reports those that do not exist, except break-glass policies. It returns false if one cannot
// be used.
func (from *sources) policies(kind iam.Kind, references []strictyaml.String, entity iam.ARN) (policies []*iam.Policy, ok bool) {
	ok = true
	for _, reference := range references {
		policy, err := from.find(kind, reference.Text, entity)
		if isPrepared(kind, reference.Text, err) {
			continue
		}
		if kind == iam.IdentityPolicy {
			from.attached[iam.LastSegment(reference.Text)] = true
		}
		if from.reportAt(reference.At, err) {
			ok = false
			continue
		}
		policies = append(policies, policy)
	}
	return policies, ok
}

// find returns the policy that an entry refers to, compiled for a use. If the output of the
// entity's account has a fault, a policy that does not exist may be missing because of it.
func (from *sources) find(kind iam.Kind, reference string, entity iam.ARN) (*iam.Policy, error) {
	policy, err := from.managed.lookup(reference, entity)
	switch isAWS := awsexport.IsAWSPolicy(reference); {
	case errors.As(err, new(missingPolicyError)) && (isAWS || isOwnPolicy(reference, entity)) && from.accounts.incomplete[entity.Account]:
		return nil, errFollows
	case err != nil:
		return nil, err
	case isAWS:
		from.accepted[policy.Source.File] = true
	}
	return policy.compileFor(kind, from.compiler)
}

// trustPolicies are the trust policies of a snapshot by name.
type trustPolicies map[string]*iam.Policy

// loadTrust compiles every trust policy, including those that are not attached. A policy
// with faults is nil.
func (c *compiler) loadTrust() trustPolicies {
	all := trustPolicies{}
	for _, f := range c.others {
		name, found := strings.CutPrefix(f.Path, "trust/")
		if !found {
			continue
		}
		name = strings.TrimSuffix(name, ".json")
		all[name] = nil
		if c.skips(f.Path) {
			continue
		}
		if policy, err := c.policy(iam.TrustPolicy, awsexport.File(f.Path, f.Text)); !c.report(err) {
			all[name] = policy
		}
	}
	return all
}

// find returns the trust policy with a name, and none for "".
func (all trustPolicies) find(name string) (*iam.Policy, error) {
	policy, found := all[name]
	switch {
	case found && policy == nil:
		return nil, errFollows
	case !found && name != "":
		return nil, diag.New(diag.Position{}, fmt.Sprintf("trust policy %q does not exist", name), fmt.Sprintf("add trust/%s.json", name))
	}
	return policy, nil
}

// keyFiles are the files with which tokens are verified, by path: the key sets of issuers,
// and the certificate authorities of the servers that other key sets are fetched from.
type keyFiles struct {
	keys        map[string]*oidc.KeySet
	authorities map[string][]byte // PEM
}

// loadKeyFiles reads every file in jwks/ and ca/, including those that no issuer refers
// to. A file with faults is present and nil.
func (c *compiler) loadKeyFiles() *keyFiles {
	all := &keyFiles{keys: map[string]*oidc.KeySet{}, authorities: map[string][]byte{}}
	for _, f := range c.others {
		file := f.Path
		switch {
		case strings.HasPrefix(file, "jwks/"):
			all.keys[file] = nil
			if c.skips(file) {
				continue
			}
			if keys, err := oidc.ParseKeySet(file, f.Text); !c.report(err) {
				all.keys[file] = keys
			}
		case strings.HasPrefix(file, "ca/"):
			all.authorities[file] = nil
			if !c.skips(file) && !c.report(checkAuthorities(file, f.Text)) {
				all.authorities[file] = f.Text
			}
		}
	}
	return all
}

// checkAuthorities checks that a file consists of certificates in PEM, with nothing between
// them except comments.
func checkAuthorities(file string, text []byte) error {
	found, all := 0, diag.NewFileText(file, text)
	for rest := text; ; found++ {
		var block *pem.Block
		line := all.Point(len(text) - len(rest)).Line
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
		return faultAt(file, diag.Point{Line: 1}, "is not a list of PEM certificates", "write certificates that begin with -----BEGIN CERTIFICATE-----, and only comments between them")
	}
	return nil
}
