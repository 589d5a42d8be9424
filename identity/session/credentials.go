package session

import (
	"encoding/json/v2"
	"errors"
	"slices"
	"time"

	"extauthz/diag"
	"extauthz/identity/accesskey"
)

// Credentials are temporary credentials, as AWS STS issues them: a client signs its requests
// with the secret, and sends the session token with them. The token contains the session,
// sealed, and the secret is derived from it. So no replica has to store credentials, and each
// can verify what another issued.
type Credentials struct {
	AccessKeyID     string // ASIA…
	SecretAccessKey string
	SessionToken    string

	Operation Operation // that issued them
	Session   *Session
	KeyID     string // of the key that sealed the token
}

// An Operation is an action of AWS STS that issues temporary credentials. The zero Operation
// issues none.
type Operation string

// The operations. They differ in what the credentials can be used for (IAM User Guide,
// "Compare AWS STS credentials").
const (
	AssumeRole                Operation = "AssumeRole"
	AssumeRoleWithWebIdentity Operation = "AssumeRoleWithWebIdentity"
	GetFederationToken        Operation = "GetFederationToken"
	GetSessionToken           Operation = "GetSessionToken"
)

func (o Operation) isKnown() bool {
	return slices.Contains([]Operation{AssumeRole, AssumeRoleWithWebIdentity, GetFederationToken, GetSessionToken}, o)
}

// MaxCredentialsDuration is the longest time that temporary credentials last (STS API
// Reference, GetSessionToken and GetFederationToken: 129,600 seconds).
const MaxCredentialsDuration = 36 * time.Hour

// credentialsAudience is the audience of session tokens of temporary credentials, which are
// not for one registry.
const credentialsAudience = "sts"

// sealedClaims are the claims of the session token of temporary credentials. A reader rejects
// claims that it does not know, as those of other tokens.
type sealedClaims struct {
	claims      `json:",inline"`
	AccessKeyID string    `json:"access_key_id"`
	Operation   Operation `json:"operation"`
}

// Seal returns new credentials of a session, whose token is sealed with the newest key. The
// error is ErrNoKey, a TooLarge, or says that the session cannot have credentials.
func (s *Service) Seal(o Operation, session *Session, now time.Time) (*Credentials, error) {
	k := s.Keys().signer(now)
	switch {
	case k == nil:
		return nil, ErrNoKey
	case !o.isKnown():
		return nil, errors.New("no operation of AWS STS issues these credentials")
	case session.Registry != "" || session.Principal == Anonymous:
		return nil, errors.New("temporary credentials are of a principal, and not for one registry")
	case session.Expires.After(now.Add(MaxCredentialsDuration)):
		return nil, errors.New("temporary credentials do not last longer than 36 hours")
	}
	c := sealedClaims{claimsOf(s.Issuer, session), accesskey.NewID(accesskey.Temporary), o}
	c.Audience = credentialsAudience
	payload, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	token, err := checkedToken(k.sealing.seal(payload))
	if err != nil {
		return nil, err
	}
	return &Credentials{c.AccessKeyID, k.sealing.secretOf(token), token, o, session, k.id}, nil
}

// Open returns the credentials with a session token, if it was sealed with one of the keys
// for this access key, and has not expired at the time now, with a tolerance of a minute. It
// does not show that the caller knows the secret: the signature of a request does.
func (s *Service) Open(accessKeyID, token string, now time.Time) (*Credentials, error) {
	if len(token) > maxToken {
		return nil, errors.New("the session token is too long")
	}
	sealed, keyID, err := parseSealed(token)
	if err != nil {
		return nil, err
	}
	k := s.Keys().find(keyID)
	if k == nil {
		return nil, errors.New("the key of the session token is not known")
	}
	payload, err := sealed.Decrypt(k.sealing.key)
	if err != nil {
		return nil, errors.New("the session token is not valid")
	}
	var c sealedClaims
	if json.Unmarshal(payload, &c, json.RejectUnknownMembers(true)) != nil || !c.Operation.isKnown() {
		return nil, diag.Problemf("the session token has claims that are not known here").WithRemedy("upgrade every replica")
	}
	if c.AccessKeyID != accessKeyID || accessKeyID == "" {
		return nil, errors.New("the session token is of another access key")
	}
	if err := c.check(s.Issuer, credentialsAudience, now); err != nil {
		return nil, err
	}
	session := c.session()
	session.Registry = ""
	return &Credentials{accessKeyID, k.sealing.secretOf(token), token, c.Operation, session, k.id}, nil
}

// PackedSize returns how much of the room for a session the token takes, in percent.
func (c *Credentials) PackedSize() int { return max(1, len(c.SessionToken)*100/maxToken) }
