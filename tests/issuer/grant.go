package issuer

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// A Grant tells what the token says that a registry client gets for a user name
// and password, for the service and scope in the query, or nil if it gets none.
type Grant func(user, password string, query url.Values) Claims

// Grants makes the issuer a token service too, as registries name in a Bearer
// challenge (the distribution project's token authentication specification).
func (i *Issuer) Grants(grant Grant) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.grant = grant
}

// TokensURL is where the token service is, by name: clients refuse to send
// passwords to an address that a registry of another one names.
func (i *Issuer) TokensURL() string {
	return strings.Replace(i.server.URL, "127.0.0.1", "localhost", 1) + "/token"
}

// serveToken answers who asks for a token.
func (i *Issuer) serveToken(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	grant := i.grant
	i.mu.Unlock()
	user, password, found := r.BasicAuth()
	if grant == nil || !found {
		http.Error(w, "no password", http.StatusUnauthorized)
		return
	}
	claims := grant(user, password, r.URL.Query())
	if claims == nil {
		http.Error(w, "wrong password", http.StatusUnauthorized)
		return
	}
	token, err := i.Sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token}) // who hung up gets none
}
