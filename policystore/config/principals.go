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
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/strictyaml"
)

// PrincipalsPath is the path of the file that maps credentials to principals.
const PrincipalsPath = "principals.yaml"

// Principals are the entries of principals.yaml. With an error, values with faults are
// missing from the entries.
type Principals struct {
	Issuers     []IssuerEntry     `yaml:"issuers"`
	Credentials []CredentialEntry `yaml:"credentials"`
	Principals  []PrincipalEntry  `yaml:"principals"`
	Groups      []GroupEntry      `yaml:"groups"`
	// MissesPrincipals and MissesIssuers report that the ARN of a principal or the name of
	// an issuer is unknown because of a fault, so that another entry may refer to it.
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

	MaxSessionSeconds *int `yaml:"maxSessionDuration"` // of a role; nil means IAM's default

	ParsedARN iam.ARN
	// MissesID and MissesTrust report that the value is missing because of a fault.
	MissesID, MissesTrust bool
}

// A GroupEntry is a group of users. Its policies are identity policies of each member (IAM User
// Guide, "IAM user groups").
type GroupEntry struct {
	At       diag.Point          `yaml:",position"`
	Name     strictyaml.String   `yaml:"name"`
	Policies []strictyaml.String `yaml:"policies"`
	Members  []strictyaml.String `yaml:"members"` // ARNs of users, or their names

	HasFaultyName bool
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

	ParsedRole iam.ARN // zero without a role, or if it is not an ARN

	// HasFaultyURL and HasFaultyKeys report a fault in issuer and jwks.
	HasFaultyURL, HasFaultyKeys bool
	// IsIncomplete reports that a fault keeps something out of the entry on which other
	// checks depend.
	IsIncomplete bool
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

	Account iam.ARN // the partition and account of the principal; zero if it has none or captures determine them

	Kind identity.NameKind // of the name
	Name string            // in a credential of this kind

	// IsIncomplete reports that a fault keeps something out of the entry on which other
	// checks depend.
	IsIncomplete bool
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

	AccessKey string `yaml:"accessKey"` // the id of an access key
}

// Get returns the one name that is not empty.
func (c *CredentialName) Get() (kind identity.NameKind, name string, err error) {
	for _, n := range []struct {
		kind identity.NameKind
		name string
	}{
		{identity.BasicUser, c.Basic}, {identity.URI, c.URI}, {identity.DNS, c.DNS}, {identity.Subject, c.Subject},
		{identity.HeaderValue, c.Header}, {identity.TokenClaims, c.Token}, {identity.AccessKeyID, c.AccessKey},
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
	checkEntries(file, &faults, "issuers", all.Issuers, (*IssuerEntry).check)
	checkEntries(file, &faults, "credentials", all.Credentials, (*CredentialEntry).check)
	checkEntries(file, &faults, "principals", all.Principals, (*PrincipalEntry).check)
	checkEntries(file, &faults, "groups", all.Groups, (*GroupEntry).check)
	all.MissesIssuers = !file.IsKnown("issuers") && (len(all.Issuers) == 0 || slices.ContainsFunc(all.Issuers, func(i IssuerEntry) bool { return i.Name.Text == "" }))
	all.MissesPrincipals = !file.IsKnown("principals") && len(all.Principals) == 0 || slices.ContainsFunc(all.Principals, func(p PrincipalEntry) bool { return p.ParsedARN == (iam.ARN{}) })
	return all, faults.Err()
}

// checkEntries checks the entries of a list.
func checkEntries[T any](file *strictyaml.File, faults *diag.Faults, key string, list []T, check func(*T, *entry)) {
	for i := range list {
		at := newEntry(file, key, i)
		check(&list[i], at)
		faults.Add(at.faults.Err())
	}
}

// known returns the strings of a list without those that could not be decoded.
func known(at *entry, key string, list []strictyaml.String) []strictyaml.String {
	if at.knows(key) {
		return list
	}
	return slices.DeleteFunc(list, func(s strictyaml.String) bool { return s.Text == "" })
}

// uniqueID is the form of the unique ids of users (AIDA…) and roles (AROA…) (IAM User
// Guide, "IAM identifiers").
var uniqueID = regexp.MustCompile(`^A(IDA|ROA)[A-Z0-9]{4,124}$`)

// IsEntityID reports whether a text can be the id of an entry. It may be shorter than the ids
// that [iam.IsUniqueID] recognizes in policies.
func IsEntityID(text string) bool { return uniqueID.MatchString(text) }

// check checks an entry by itself, and sets what is parsed from it.
func (p *PrincipalEntry) check(at *entry) {
	var err error
	p.ParsedARN, err = iam.ParseARN(p.ARN.Text)
	at.add(err, "arn")
	p.MissesID, p.MissesTrust = !at.knows("id"), !at.knows("trust")
	if p.ID.Text != "" && !IsEntityID(p.ID.Text) {
		at.fault(fmt.Sprintf("id %q is not the unique id of a user or role", p.ID.Text), "write it, such as AIDACKCEVSQ6C2EXAMPLE", "id")
		p.ID.Text, p.MissesID = "", true
	}
	if err := sts.CheckTags(p.TagList()); err != nil {
		at.add(err, "tags")
		p.Tags.Map = nil
	}
	p.Policies = known(at, "policies", p.Policies)
	p.checkMaxSessionDuration(at)
}

// checkMaxSessionDuration checks a duration that is configured.
func (p *PrincipalEntry) checkMaxSessionDuration(at *entry) {
	switch {
	case p.MaxSessionSeconds == nil || p.ParsedARN == (iam.ARN{}):
	case !strings.HasPrefix(p.ParsedARN.Resource, "role/"):
		at.fault("maxSessionDuration is only for a role", "remove it", "maxSessionDuration")
	default:
		at.add(sts.CheckMaxSessionDuration(p.MaxSessionDuration()), "maxSessionDuration")
	}
}

// MaxSessionDuration returns how long a session of the role lasts at most; 0 if that is not
// configured.
func (p *PrincipalEntry) MaxSessionDuration() time.Duration {
	if p.MaxSessionSeconds == nil {
		return 0
	}
	return time.Duration(*p.MaxSessionSeconds) * time.Second
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
	if g.HasFaultyName = !groupName.MatchString(g.Name.Text); g.HasFaultyName {
		at.fault(fmt.Sprintf("group name %q is not valid", g.Name.Text), "use 1 to 128 letters, digits and +=,.@_-", "name")
	}
	g.Policies, g.Members = known(at, "policies", g.Policies), known(at, "members", g.Members)
	seen := map[string]bool{}
	for i, member := range g.Members {
		if seen[member.Text] {
			at.fault(fmt.Sprintf("group %q: member %q is listed twice", g.Name.Text, member.Text), "keep one", "members", i)
		}
		seen[member.Text] = true
	}
	g.Members = slices.DeleteFunc(g.Members, func(m strictyaml.String) bool {
		isFirst := seen[m.Text]
		seen[m.Text] = false
		return !isFirst
	})
}

func (c *CredentialEntry) check(at *entry) {
	if arn, err := iam.ParseARN(c.Principal); err == nil && !strings.ContainsAny(arn.Partition, "{}") {
		c.Account = arn
	}
	c.SessionPolicies = known(at, "sessionPolicies", c.SessionPolicies)
	c.IsIncomplete = !at.knows("claims", "principal", "path", "federatedBy", "sourceArn", "sourceAccount")
	if !at.knows("basic", "uri", "dns", "subject", "header", "token", "accessKey") {
		c.IsIncomplete = true
		return
	}
	var err error
	c.Kind, c.Name, err = c.Get()
	at.add(err)
	c.IsIncomplete = c.IsIncomplete || err != nil
}

func (i *IssuerEntry) check(at *entry) {
	if i.Role.Text != "" {
		var err error
		i.ParsedRole, err = iam.ParseARN(i.Role.Text)
		at.add(err, "role")
	}
	i.SessionPolicies, i.ForeignAudiences = known(at, "sessionPolicies", i.SessionPolicies), known(at, "foreignAudiences", i.ForeignAudiences)
	i.IsIncomplete = !at.knows("name", "metadata", "claims", "provider")
	i.checkURL(at)
	switch i.HasFaultyKeys = !at.knows("jwks"); {
	case i.HasFaultyKeys:
	case i.CA.Text != "" && !i.HasKeysURL():
		at.fault("ca is only for keys that are fetched from a URL", "remove it", "ca")
	case i.HasKeysURL():
		if u, err := url.Parse(i.JWKS.Text); err != nil || u.User != nil {
			at.fault("jwks is not a valid URL", "write the https URL of a key set, without user and password", "jwks")
			i.HasFaultyKeys = true
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
		i.HasFaultyURL = true
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
