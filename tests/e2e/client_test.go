package e2e

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"extauthz/tests/stack"
)

// The resources of the policies, as a denial names them.
const repositoryARN = "arn:aws:ecr:eu-central-1:123456789012:repository/"

// as makes the registry client library log in as user.
func as(user string) remote.Option {
	return remote.WithAuth(&authn.Basic{Username: user, Password: user + "-secret"})
}

// answer is the response to one request.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends one request to the address and reads the whole answer. A user of "" is
// anonymous; other users send their password.
func send(t testing.TB, address, user, method, path string, body io.Reader) answer {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+address+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		request.SetBasicAuth(user, user+"-secret")
	}
	return exchange(t, http.DefaultClient, request)
}

// exchange sends the request through client and reads the whole answer.
func exchange(t testing.TB, client *http.Client, request *http.Request) answer {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// request sends a request without a body through Envoy.
func (sys *system) request(t testing.TB, user, method, path string) answer {
	t.Helper()
	return send(t, sys.Address(stack.Envoy), user, method, path, nil)
}

// hasStatus checks the status.
func (a answer) hasStatus(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d; body %q", a.status, status, a.body)
	}
	return a
}

// hasError checks that the answer is one OCI error of this code whose message contains all
// of the texts.
func (a answer) hasError(t *testing.T, code string, texts ...string) {
	t.Helper()
	var body struct {
		Errors []struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("body %q is not one OCI error (%v)", a.body, err)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q, want application/json", got)
	}
	checkText(t, body.Errors[0].Code, body.Errors[0].Message, code, texts...)
}

// denied checks that the client library reports a denial of the action on the
// repository, in ECR's words.
func denied(t *testing.T, err error, action, repository string) {
	t.Helper()
	deniedOn(t, err, action, repositoryARN+repository)
}

// deniedOn is denied with a whole ARN.
func deniedOn(t *testing.T, err error, action, arn string) {
	t.Helper()
	var refused *transport.Error
	if !errors.As(err, &refused) || len(refused.Errors) != 1 {
		t.Fatalf("error %v, want one error of the registry", err)
	}
	if refused.StatusCode != http.StatusForbidden {
		t.Errorf("status %d, want 403", refused.StatusCode)
	}
	checkText(t, string(refused.Errors[0].Code), refused.Errors[0].Message, "DENIED",
		"is not authorized to perform: "+action+" on resource: "+arn+" ")
}

func checkText(t *testing.T, code, message, wantCode string, texts ...string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("code %q, want %q; message %q", code, wantCode, message)
	}
	for _, text := range texts {
		if !strings.Contains(message, text) {
			t.Errorf("message %q lacks %q", message, text)
		}
	}
}

// same checks two lists for equality.
func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s %q, want %q", what, got, want)
	}
}
