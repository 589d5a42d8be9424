package policystore

import (
	"errors"
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
)

// principalsFile is principals.yaml.
type principalsFile struct {
	Credentials []credentialEntry `yaml:"credentials"`
	Principals  []principalEntry  `yaml:"principals"`
}

// credentialEntry says which principal a name in a verified credential is.
type credentialEntry struct {
	Basic     string `yaml:"basic"`
	URI       string `yaml:"uri"`
	DNS       string `yaml:"dns"`
	Subject   string `yaml:"subject"`
	Principal string `yaml:"principal"`
}

// principalEntry attaches policies to a user or role.
type principalEntry struct {
	ARN      string   `yaml:"arn"`
	ID       string   `yaml:"id"`
	Policies []string `yaml:"policies"`
}

// principals are what principals.yaml and htpasswd say, compiled.
type principals struct {
	table    *identity.Table
	identity map[string][]*iam.Policy // by the ARN of user or role
	ids      map[string]string        // unique ids, likewise
}

// loadPrincipals reads who is who. Policies are attached from managed;
// passwords checks those of the Basic users.
func loadPrincipals(t tree, managed managedPolicies, passwords *identity.Passwords) (*principals, error) {
	const name = "principals.yaml"
	text, found := t[name]
	if !found {
		return nil, errors.New("principals.yaml: not there; it says which credential is which principal")
	}
	var file principalsFile
	y, err := decodeYAML(name, text, &file)
	if err != nil {
		return nil, err
	}
	users, err := identity.ParseHtpasswd("htpasswd", t["htpasswd"])
	if err != nil {
		return nil, err
	}
	p := &principals{table: identity.NewTable(users, passwords), identity: map[string][]*iam.Policy{}, ids: map[string]string{}}
	for i, entry := range file.Principals {
		if err := p.attach(y, i, entry, managed); err != nil {
			return nil, err
		}
	}
	for i, entry := range file.Credentials {
		if err := p.bind(entry); err != nil {
			return nil, y.errorAt(err, "credentials", i)
		}
	}
	return p, nil
}

func (p *principals) attach(y *yamlFile, i int, entry principalEntry, managed managedPolicies) error {
	arn, err := iam.ParseARN(entry.ARN)
	if err == nil {
		err = checkEntity(arn)
	}
	if err == nil && p.identity[entry.ARN] != nil {
		err = fmt.Errorf("principal %q is there twice; keep one entry", entry.ARN)
	}
	if err != nil {
		return y.errorAt(err, "principals", i, "arn")
	}
	if entry.ID != "" && !uniqueID.MatchString(entry.ID) {
		return y.errorAt(fmt.Errorf("id %q: write the unique id of a user or role, such as AIDACKCEVSQ6C2EXAMPLE", entry.ID), "principals", i, "id")
	}
	p.ids[entry.ARN] = entry.ID
	policies := []*iam.Policy{} // not nil: the entity exists
	for j, reference := range entry.Policies {
		policy, err := managed.find(reference, arn)
		if err != nil {
			return y.errorAt(err, "principals", i, "policies", j)
		}
		policies = append(policies, policy)
	}
	p.identity[entry.ARN] = policies
	return nil
}

// checkEntity accepts the ARN of a user or role: what policies attach to.
func checkEntity(arn iam.ARN) error {
	kind, name, _ := strings.Cut(arn.Resource, "/")
	if arn.Service != "iam" || arn.Region != "" || name == "" || kind != "user" && kind != "role" {
		return fmt.Errorf("principal %q: policies attach to users and roles, such as arn:aws:iam::123456789012:user/alice", arn)
	}
	if !accountID.MatchString(arn.Account) {
		return fmt.Errorf("principal %q: an AWS account is 12 digits", arn)
	}
	return nil
}

func (p *principals) bind(entry credentialEntry) error {
	kind, text, err := entry.name()
	if err != nil {
		return err
	}
	principal, err := p.resolve(entry.Principal)
	if err != nil {
		return err
	}
	return p.table.Bind(kind, text, principal)
}

// name returns the one name that the entry gives.
func (e *credentialEntry) name() (kind identity.NameKind, text string, err error) {
	for _, n := range []struct {
		kind identity.NameKind
		text string
	}{{identity.Basic, e.Basic}, {identity.URI, e.URI}, {identity.DNS, e.DNS}, {identity.Subject, e.Subject}} {
		if n.text == "" {
			continue
		}
		if text != "" {
			return identity.NoName, "", fmt.Errorf("credential has both %s and %s; keep one", kind, n.kind)
		}
		kind, text = n.kind, n.text
	}
	if text == "" {
		return identity.NoName, "", errors.New("credential has no name; write one of basic, uri, dns or subject")
	}
	return kind, text, nil
}

// resolve returns the principal that a credential's ARN names: a user, or a
// session of a role. Both must be among the principals, since a session's ARN
// lacks the path of its role.
func (p *principals) resolve(arn string) (iam.Principal, error) {
	principal, err := iam.ParsePrincipal(arn)
	if err != nil {
		return iam.Principal{}, err
	}
	switch principal.Kind {
	case iam.User:
		if p.identity[arn] == nil {
			return iam.Principal{}, fmt.Errorf("user %q is not among the principals; add it there with its policies", arn)
		}
		principal.UserID = userID(principal, p.ids[arn])
		return principal, nil
	case iam.AssumedRole:
		principal.RoleARN, err = p.roleOf(arn, principal.Account)
		principal.UserID = userID(principal, p.ids[principal.RoleARN])
		return principal, err
	}
	return iam.Principal{}, fmt.Errorf("principal %q: name a user, or a role session such as arn:aws:sts::123456789012:assumed-role/ci/build", arn)
}

// roleOf finds the role of a session by its name, which is unique within an
// account whatever the path.
func (p *principals) roleOf(session, account string) (string, error) {
	parsed, err := iam.ParseARN(session)
	if err != nil {
		return "", err
	}
	role := strings.Split(parsed.Resource, "/")[1]
	found := ""
	for entity := range p.identity {
		arn, err := iam.ParseARN(entity)
		if err != nil || arn.Partition != parsed.Partition || arn.Account != account || !strings.HasPrefix(arn.Resource, "role/") {
			continue
		}
		if arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:] != role {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("role %q is among the principals under two paths; role names are unique in an account", role)
		}
		found = entity
	}
	if found == "" {
		return "", fmt.Errorf("role %q of session %q is not among the principals; add it there with its policies", role, session)
	}
	return found, nil
}
