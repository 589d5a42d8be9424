package config

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/strictyaml"
)

// PrincipalsPath is the path of the file that maps credentials to principals.
const PrincipalsPath = "principals.yaml"

// Principals are the entries of principals.yaml, without those that have faults.
type Principals struct {
	Issuers     []IssuerEntry     `yaml:"issuers"`
	Credentials []CredentialEntry `yaml:"credentials"`
	Principals  []PrincipalEntry  `yaml:"principals"`
	Groups      []GroupEntry      `yaml:"groups"`
	// MissesPrincipals and MissesIssuers report that a fault in the file keeps entries out
	// of the lists, so that an entry that another one refers to may be among them.
	MissesPrincipals, MissesIssuers bool
}

// A PrincipalEntry is a user or role, and what is attached to it.
type PrincipalEntry struct {
	At       diag.Point           `yaml:",position"`
	ARN      strictyaml.String    `yaml:"arn"`
	ID       strictyaml.String    `yaml:"id"`
	Policies []strictyaml.String  `yaml:"policies"`
	Boundary strictyaml.String    `yaml:"boundary"`
	Trust    strictyaml.String    `yaml:"trust"`
	Tags     strictyaml.StringMap `yaml:"tags"`

	ParsedARN iam.ARN
}

// A GroupEntry is a group of users. Its policies are identity policies of each member (IAM User
// Guide, "IAM user groups").
type GroupEntry struct {
	At       diag.Point          `yaml:",position"`
	Name     strictyaml.String   `yaml:"name"`
	Policies []strictyaml.String `yaml:"policies"`
	Members  []strictyaml.String `yaml:"members"` // ARNs of users, or their names
}

// An IssuerEntry is an OpenID Connect issuer whose tokens are accepted.
type IssuerEntry struct {
	At               diag.Point          `yaml:",position"`
	Name             strictyaml.String   `yaml:"name"`
	URL              strictyaml.String   `yaml:"issuer"`
	JWKS             strictyaml.String   `yaml:"jwks"` // a file of the directory or a URL; "" if only Envoy verifies
	CA               strictyaml.String   `yaml:"ca"`
	Metadata         strictyaml.String   `yaml:"metadata"`
	Role             strictyaml.String   `yaml:"role"`
	Claims           map[string]string   `yaml:"claims"`
	SessionName      strictyaml.String   `yaml:"session"`
	Tags             map[string]string   `yaml:"tags"`
	ForeignAudiences []strictyaml.String `yaml:"foreignAudiences"`
	SessionPolicies  []strictyaml.String `yaml:"sessionPolicies"`
	Provider         strictyaml.String   `yaml:"provider"`
}

// A CredentialEntry maps a name in a verified credential, or the claims of a token, to a
// principal.
type CredentialEntry struct {
	At             diag.Point `yaml:",position"`
	CredentialName `yaml:",inline"`
	Claims         map[string]string `yaml:"claims"`

	Principal       string              `yaml:"principal"`
	Path            string              `yaml:"path"`
	FederatedBy     string              `yaml:"federatedBy"`
	Tags            map[string]string   `yaml:"tags"`
	ClaimTags       map[string]string   `yaml:"claimTags"`
	SourceIdentity  string              `yaml:"sourceIdentity"`
	SessionPolicies []strictyaml.String `yaml:"sessionPolicies"`
	SourceARN       string              `yaml:"sourceArn"`
	SourceAccount   string              `yaml:"sourceAccount"`

	Kind identity.NameKind // of the name
	Name string            // in a credential of this kind
}

// A CredentialName is the name in a credential, as principals.yaml and policy tests
// contain it: one of the kinds of names that package identity has.
type CredentialName struct {
	Basic   string `yaml:"basic"`
	URI     string `yaml:"uri"`
	DNS     string `yaml:"dns"`
	Subject string `yaml:"subject"`
	Header  string `yaml:"header"`
	Token   string `yaml:"token"` // the name of an issuer
}

// Get returns the one name that is not empty.
func (c *CredentialName) Get() (kind identity.NameKind, name string, err error) {
	for _, n := range []struct {
		kind identity.NameKind
		name string
	}{
		{identity.BasicUser, c.Basic}, {identity.URI, c.URI}, {identity.DNS, c.DNS}, {identity.Subject, c.Subject},
		{identity.HeaderValue, c.Header}, {identity.TokenClaims, c.Token},
	} {
		switch {
		case n.name == "":
		case name != "":
			return "", "", diag.New(diag.Position{}, fmt.Sprintf("the credential has both %s and %s", kind, n.kind), "keep one")
		default:
			kind, name = n.kind, n.name
		}
	}
	if name == "" {
		return "", "", diag.New(diag.Position{}, "the credential has no name", "write one of "+identity.NameKindList())
	}
	return kind, name, nil
}

// InPrincipals returns a position in principals.yaml.
func InPrincipals(at diag.Point) diag.Position { return diag.File(PrincipalsPath).At(at) }

// ParsePrincipals parses principals.yaml.
func ParsePrincipals(text []byte) (*Principals, error) {
	all := &Principals{}
	file, err := strictyaml.Decode(PrincipalsPath, text, all)
	if file == nil {
		return &Principals{MissesPrincipals: true, MissesIssuers: true}, err
	}
	var faults diag.Faults
	faults.Add(err)
	all.Issuers, all.MissesIssuers = withoutFaults(file, &faults, "issuers", all.Issuers, (*IssuerEntry).check)
	all.Credentials, _ = withoutFaults(file, &faults, "credentials", all.Credentials, (*CredentialEntry).check)
	all.Principals, all.MissesPrincipals = withoutFaults(file, &faults, "principals", all.Principals, (*PrincipalEntry).check)
	all.Groups, _ = withoutFaults(file, &faults, "groups", all.Groups, (*GroupEntry).check)
	return all, faults.Err()
}

// withoutFaults checks the entries of a list and returns those without faults. misses
// reports that an entry is not among them.
func withoutFaults[T any](file *strictyaml.File, faults *diag.Faults, key string, list []T, check func(*T, *entry)) (correct []T, misses bool) {
	misses = file.FaultyKeys() || file.Faulty(key)
	correct = list[:0]
	for i := range list {
		at := newEntry(file, key, i)
		if !at.faulty {
			check(&list[i], at)
		}
		if !at.faulty {
			correct = append(correct, list[i])
		}
		misses = misses || at.faulty
		faults.Add(at.faults.Err())
	}
	return slices.Clip(correct), misses
}

// uniqueID is the form of the unique ids of users (AIDA…) and roles (AROA…) (IAM User
// Guide, "IAM identifiers").
var uniqueID = regexp.MustCompile(`^A(IDA|ROA)[A-Z0-9]{4,124}$`)

// IsUniqueID reports whether a text has the form of the unique id of a user or role.
func IsUniqueID(text string) bool { return uniqueID.MatchString(text) }

// check checks an entry by itself, and sets what is parsed from it.
func (p *PrincipalEntry) check(at *entry) {
	var err error
	p.ParsedARN, err = iam.ParseARN(p.ARN.Text)
	at.add(err, "arn")
	if p.ID.Text != "" && !IsUniqueID(p.ID.Text) {
		at.fault(fmt.Sprintf("id %q is not the unique id of a user or role", p.ID.Text), "write it, such as AIDACKCEVSQ6C2EXAMPLE", "id")
	}
	at.add(sts.CheckTags(p.TagList()), "tags")
}

// TagList returns the tags in the order of their keys.
func (p *PrincipalEntry) TagList() (list []sts.Tag) {
	for _, key := range slices.Sorted(maps.Keys(p.Tags.Map)) {
		list = append(list, sts.Tag{Key: key, Value: p.Tags.Map[key]})
	}
	return list
}

// groupName is the form of a group's name (IAM User Guide, "IAM and AWS STS quotas").
var groupName = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{1,128}$`)

func (g *GroupEntry) check(at *entry) {
	if !groupName.MatchString(g.Name.Text) {
		at.fault(fmt.Sprintf("group name %q is not valid", g.Name.Text), "use 1 to 128 letters, digits and +=,.@_-", "name")
	}
	seen := map[string]bool{}
	for i, member := range g.Members {
		if seen[member.Text] {
			at.fault(fmt.Sprintf("group %q: member %q is listed twice", g.Name.Text, member.Text), "keep one", "members", i)
		}
		seen[member.Text] = true
	}
}

func (c *CredentialEntry) check(at *entry) {
	var err error
	c.Kind, c.Name, err = c.Get()
	at.add(err)
}

func (i *IssuerEntry) check(at *entry) {
	i.checkURL(at)
	switch {
	case i.CA.Text != "" && !i.HasKeysURL():
		at.fault("ca is only for keys that are fetched from a URL", "remove it", "ca")
	case i.HasKeysURL():
		if u, err := url.Parse(i.JWKS.Text); err != nil || u.User != nil {
			at.fault("jwks is not a valid URL", "write the https URL of a key set, without user and password", "jwks")
		}
	}
}

// checkURL checks that the issuer's URL has the form of the claim iss: https, without query
// and fragment (OpenID Connect Core 1.0, section 2). For the machine itself http is
// allowed.
func (i *IssuerEntry) checkURL(at *entry) {
	u, err := url.Parse(i.URL.Text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		at.fault("issuer is not the URL of an issuer", "write the iss of its tokens, such as https://token.actions.githubusercontent.com, without user, query and fragment", "issuer")
		return
	}
	loopback := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		at.fault(fmt.Sprintf("issuer %q does not use https", i.URL.Text), "write a URL that begins with https://", "issuer")
	}
}

// HasKeysURL reports whether the issuer's keys are fetched from a URL.
func (i *IssuerEntry) HasKeysURL() bool { return strings.Contains(i.JWKS.Text, "://") }

// ProviderName returns the name of the issuer in trust policies.
func (i *IssuerEntry) ProviderName() string {
	_, host, _ := strings.Cut(i.URL.Text, "://")
	return cmp.Or(i.Provider.Text, host)
}
