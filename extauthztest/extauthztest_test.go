package extauthztest_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/testcontainers/testcontainers-go"

	"extauthz/extauthztest"
)

// start starts the containers until the test ends.
func start(t *testing.T, opts ...testcontainers.ContainerCustomizer) *extauthztest.Container {
	t.Helper()
	c, err := extauthztest.Run(t.Context(), os.Getenv("EXTAUTHZ_IMAGE"), opts...)
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// status sends a request through Envoy, as a user if user is not "", and returns the status.
func status(t *testing.T, c *extauthztest.Container, user, method, path string) int {
	t.Helper()
	address, err := c.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		request.SetBasicAuth(user, c.Users()[user])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// TestDefaults checks who may do what under the policies of the package.
func TestDefaults(t *testing.T) {
	c := start(t)
	for _, test := range []struct {
		name, user, method, path string
		want                     int
	}{
		{"a request without a credential is challenged", "", "GET", "/v2/", 401},
		{"alice logs in", "alice", "GET", "/v2/", 200},
		{"alice starts an upload", "alice", "POST", "/v2/team/app/blobs/uploads/", 202},
		{"bob does not", "bob", "POST", "/v2/team/app/blobs/uploads/", 403},
		{"bob pulls what does not exist", "bob", "GET", "/v2/team/app/manifests/v1", 404},
		{"bob does not pull the secret", "bob", "GET", "/v2/secret/app/manifests/v1", 403},
		{"alice pulls the secret, which does not exist", "alice", "GET", "/v2/secret/app/manifests/v1", 404},
		{"a path that is not of a registry does not exist", "alice", "GET", "/", 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := status(t, c, test.user, test.method, test.path); got != test.want {
				t.Errorf("status %d, want %d", got, test.want)
			}
		})
	}
	t.Run("no other machine reaches the ports", func(t *testing.T) { checkPorts(t, c) })
	t.Run("the registry itself is open", func(t *testing.T) { checkRegistry(t, c) })
	t.Run("every check is in the decision log", func(t *testing.T) { checkDecisions(t, c) })
	t.Run("a client's configuration has the address and the credential", func(t *testing.T) { checkConfig(t, c) })
}

// checkPorts checks the addresses at which ports are published, if the engine runs on this machine.
func checkPorts(t *testing.T, c *extauthztest.Container) {
	if host, err := c.Host(t.Context()); err != nil || host != "localhost" && host != "127.0.0.1" {
		t.Skipf("the engine publishes ports at %q (%v)", host, err)
	}
	for _, part := range []testcontainers.Container{c, c.Envoy(), c.Registry()} {
		state, err := part.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for port, bindings := range state.NetworkSettings.Ports {
			for _, binding := range bindings {
				if !binding.HostIP.IsLoopback() {
					t.Errorf("%s publishes %s at %s", state.Name, port, binding.HostIP)
				}
			}
		}
	}
}

func checkRegistry(t *testing.T, c *extauthztest.Container) {
	address, err := c.RegistryAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post("http://"+address+"/v2/any/thing/blobs/uploads/", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 202 {
		t.Errorf("status %d, want 202", response.StatusCode)
	}
}

// checkDecisions waits for the log, which is written in batches.
func checkDecisions(t *testing.T, c *extauthztest.Container) {
	status(t, c, "alice", "GET", "/v2/team/last/tags/list")
	for range 200 {
		lines, err := c.Decisions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(lines); n >= 7 && strings.Contains(lines[n-1], "team/last") {
			return
		}
	}
	t.Error("the decision log does not contain the last request")
}

func checkConfig(t *testing.T, c *extauthztest.Container) {
	text, err := c.DockerConfig(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	address, err := c.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Auths map[string]struct{ Auth string }
	}
	if err := json.Unmarshal(text, &config); err != nil || config.Auths[address].Auth != "YWxpY2U6YWxpY2Utc2VjcmV0" {
		t.Errorf("configuration %s (%v), want alice:alice-secret for %s", text, err, address)
	}
	if _, err := c.DockerConfig(t.Context(), "carol"); !errors.Is(err, extauthztest.ErrUnknownUser) {
		t.Errorf("error %v for carol, want ErrUnknownUser", err)
	}
}

// own is a policy directory of another project: a registry with another name and one user.
func own(policies string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"registries.yaml": "registries:\n- name: own\n  hosts: [registry.example.com]\n  account: \"111122223333\"\n  region: eu-west-1\n",
		"principals.yaml": "credentials:\n- basic: carol\n  principal: arn:aws:iam::111122223333:user/carol\nprincipals:\n" +
			"- arn: arn:aws:iam::111122223333:user/carol\n  policies: " + policies + "\n",
		"htpasswd": "carol:$2a$04$0000000000000000000000000000000000000000000000000000u\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// TestSetPolicies replaces an own directory: by one that allows less, by an invalid one, by the same.
func TestSetPolicies(t *testing.T) {
	const readOnly, powerUser = "[arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly]", "[arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser]"
	c := start(t, extauthztest.WithPolicies(own(powerUser)), extauthztest.WithUser("carol", "a-password"),
		extauthztest.WithArguments("--decision-log", "denied"))
	if got := maps.Collect(maps.All(c.Users())); len(got) != 1 || got["carol"] != "a-password" {
		t.Errorf("users %v, want carol only", got)
	}
	broken := own(readOnly)
	broken["managed/broken.json"] = &fstest.MapFile{Data: []byte(`{"Version": "2012-10-17", "Statement": [{}]}`)}
	for _, step := range []struct {
		name     string
		policies fs.FS
		refused  string // "" if the directory is valid
		want     int    // of an upload
	}{
		{"the first directory again", own(powerUser), "", 202},
		{"one that allows less", own(readOnly), "", 403},
		{"an invalid one", broken, "managed/broken.json", 403},
		{"the invalid one again", broken, "managed/broken.json", 403},
		{"the first after an invalid one", own(powerUser), "", 202},
	} {
		err := c.SetPolicies(t.Context(), step.policies)
		switch {
		case step.refused == "" && err != nil:
			t.Errorf("%s: %v", step.name, err)
		case step.refused != "" && (!errors.Is(err, extauthztest.ErrNotInForce) || !strings.Contains(err.Error(), step.refused)):
			t.Errorf("%s: error %v, want ErrNotInForce with %s", step.name, err, step.refused)
		}
		if got := status(t, c, "carol", "POST", "/v2/any/app/blobs/uploads/"); got != step.want {
			t.Errorf("%s: status %d, want %d", step.name, got, step.want)
		}
	}
}

// TestMisuse checks that a mistake is an error before any container starts.
func TestMisuse(t *testing.T) {
	two := own("[]")
	two["registries.yaml"] = &fstest.MapFile{Data: []byte("registries: [{name: a}, {name: b}]")}
	for _, test := range []struct {
		name string
		opt  extauthztest.Option
		want string
	}{
		{"no directory", extauthztest.WithPolicies(nil), "nil"},
		{"a directory without registries.yaml", extauthztest.WithPolicies(fstest.MapFS{}), "registries.yaml"},
		{"a directory with two registries", extauthztest.WithPolicies(two), "WithRegistryName"},
		{"a user name with a colon", extauthztest.WithUser("a:b", "x"), "colon"},
		{"a password that bcrypt refuses", extauthztest.WithUser("a", strings.Repeat("x", 73)), "password of a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := extauthztest.Run(t.Context(), "no-such-image", test.opt)
			testcontainers.CleanupContainer(t, c)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if c != nil {
				t.Error("a container was returned")
			}
		})
	}
}

// TestImageDoesNotExist checks that what was started can be terminated.
func TestImageDoesNotExist(t *testing.T) {
	c, err := extauthztest.Run(t.Context(), "extauthz-images/does-not-exist:never")
	if err == nil || !strings.Contains(err.Error(), "extauthz: ") {
		t.Errorf("error %v, want one of extauthz", err)
	}
	if c == nil || c.Registry() == nil {
		t.Fatal("the registry was not returned")
	}
	if err := testcontainers.TerminateContainer(c); err != nil {
		t.Error(err)
	}
}
