package stsapi

import (
	"encoding/xml"
	"net/http"
	"time"

	"extauthz/identity/session"
)

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// An Answer is the result of a request. Its members are those that AWS's API Reference lists for
// the operation; those that are zero are left out.
type Answer struct {
	XMLName xml.Name // set by Write

	UserID  *string `xml:"UserId"` // may be empty
	Account string  `xml:",omitempty"`
	Arn     string  `xml:",omitempty"`

	Credentials      *Credentials
	AssumedRoleUser  *AssumedRoleUser
	FederatedUser    *FederatedUser
	SourceIdentity   string `xml:",omitempty"`
	PackedPolicySize int    `xml:",omitempty"` // percent

	Subject  string `xml:"SubjectFromWebIdentityToken,omitempty"`
	Provider string `xml:",omitempty"`
	Audience string `xml:",omitempty"`

	DecodedMessage string `xml:",omitempty"`
}

// Credentials are temporary credentials.
type Credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string // RFC 3339
}

// NewCredentials returns temporary credentials as an answer contains them.
func NewCredentials(c *session.Credentials) *Credentials {
	return &Credentials{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Session.Expires.UTC().Format(time.RFC3339)}
}

// An AssumedRoleUser is the session of a role.
type AssumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

// A FederatedUser is the session of a federated user.
type FederatedUser struct {
	FederatedUserID string `xml:"FederatedUserId"`
	Arn             string
}

// Write writes the answer to a request of an action. id is the ID of the request.
func (a *Answer) Write(w http.ResponseWriter, action Action, id string) {
	a.XMLName.Local = string(action) + "Result"
	write(w, http.StatusOK, id, struct {
		XMLName   xml.Name
		Namespace string `xml:"xmlns,attr"`
		Answer    *Answer
		ID        string `xml:"ResponseMetadata>RequestId"`
	}{xml.Name{Local: string(action) + "Response"}, namespace, a, id})
}

// write writes an answer.
func write(w http.ResponseWriter, status int, id string, answer any) {
	body, err := xml.Marshal(answer)
	if err != nil { // text always has an XML form
		status, body = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Amzn-Requestid", id)
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client has closed the connection
}
