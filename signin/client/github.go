package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"extauthz/diag"
	"extauthz/fetch"
)

// GitHubToken returns a token for an audience from the token endpoint of GitHub Actions, whose
// URL and token are in a job's environment as ACTIONS_ID_TOKEN_REQUEST_URL and
// ACTIONS_ID_TOKEN_REQUEST_TOKEN if it has the permission id-token: write (GitHub Docs,
// "OpenID Connect reference").
func GitHubToken(ctx context.Context, requestURL, requestToken, audience string) (string, error) {
	u, err := url.Parse(requestURL)
	if requestToken == "" || err != nil || fetch.CheckURL("GitHub's token endpoint", requestURL) != nil {
		return "", diag.Problemf("GitHub's token endpoint is not in the environment").WithRemedy("give the job the permission id-token: write")
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+requestToken)
	status, body, err := send(r)
	if err != nil {
		return "", err
	}
	var answer struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(body, &answer) != nil || status != http.StatusOK || answer.Value == "" {
		return "", diag.Problemf("GitHub's token endpoint answered %d and no token", status).WithRemedy("give the job the permission id-token: write")
	}
	return answer.Value, nil
}
