package ecrapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"extauthz/identity/sts"
	"extauthz/mapping"
)

// An Answer is the result of a request. It has what the operation has.
type Answer struct {
	AuthorizationData []AuthorizationData `json:"authorizationData,omitempty"`

	RegistryID     string `json:"registryId,omitempty"`
	RepositoryName string `json:"repositoryName,omitempty"`
	PolicyText     string `json:"policyText,omitempty"`

	Repositories *[]Repository `json:"repositories,omitempty"` // the list may be empty
	NextToken    string        `json:"nextToken,omitempty"`

	Tags *[]Tag `json:"tags,omitempty"` // the list may be empty
}

// AuthorizationData is a password of a registry.
type AuthorizationData struct {
	AuthorizationToken string  `json:"authorizationToken"` // base64 of AWS:PASSWORD
	ExpiresAt          float64 `json:"expiresAt"`          // seconds since 1970
	ProxyEndpoint      string  `json:"proxyEndpoint"`
}

// NewAuthorizationData returns a session token as the password of the user AWS at a host.
func NewAuthorizationData(token, host string, expires time.Time) AuthorizationData {
	return AuthorizationData{base64.StdEncoding.EncodeToString([]byte("AWS:" + token)), float64(expires.Unix()), "https://" + host}
}

// A Repository is a repository of the policy directory.
type Repository struct {
	ARN  string `json:"repositoryArn"`
	ID   string `json:"registryId"`
	Name string `json:"repositoryName"`
	URI  string `json:"repositoryUri"`
}

// A Tag is a tag of a repository.
type Tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

// NewTags returns tags as an answer contains them.
func NewTags(tags []sts.Tag) *[]Tag {
	list := make([]Tag, 0, len(tags))
	for _, tag := range tags {
		list = append(list, Tag(tag))
	}
	return &list
}

// NewToken returns the token of the page that follows the repository with a name.
func NewToken(last string) string { return base64.RawURLEncoding.EncodeToString([]byte(last)) }

// parseToken returns the name in a token; "" is that of the first page.
func parseToken(token string) (name string, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	return string(text), err == nil && (token == "" || len(text) <= 256 && mapping.ValidRepository(string(text)))
}

// Write writes the answer. id is the ID of the request.
func (a *Answer) Write(w http.ResponseWriter, id string) { write(w, http.StatusOK, id, a) }

// write writes an answer.
func write(w http.ResponseWriter, status int, id string, answer any) {
	body, _ := json.Marshal(answer) // text always has a JSON form
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Amzn-Requestid", id)
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client has closed the connection
}
