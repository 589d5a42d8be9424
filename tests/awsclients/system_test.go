package awsclients

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/certs"
	"extauthz/tests/clientbin"
	"extauthz/tests/issuer"
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// What is built or fetched once for all tests.
var (
	programs *stack.Programs
	crane    string
	python   *Python
	missing  error // why the clients are not here
)

// errLeft means that the clients are not wanted here.
var errLeft = errors.New("left to .ci/run")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(stack.Main(func(p *stack.Programs) int {
		programs = p
		missing = findClients()
		return m.Run()
	}))
}

// findClients finds or makes the clients.
func findClients() (err error) {
	if !clientbin.Everything() && !clientbin.ECRProvider.Built() {
		return errLeft
	}
	if crane, err = stack.Crane(context.Background(), os.Stderr); err != nil {
		return err
	}
	for _, c := range clientbin.AWS() {
		if err := c.Install(context.Background(), os.Stderr); err != nil {
			return err
		}
	}
	python, err = FindPython(context.Background(), os.Stderr)
	return err
}

// eks is the issuer of the example whose tokens assume a role by its trust policy.
const eks = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

// The role of the example, and the caller whose session it is.
const (
	builder     = "arn:aws:iam::123456789012:role/eks-builder"
	builderPod  = "system:serviceaccount:ci:builder"
	alice       = "arn:aws:iam::123456789012:user/alice"
	ecrLikeHost = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
)

// A system is the example for callers who sign in.
type system struct {
	t *testing.T
	*stack.Processes
	issuer   *issuer.Issuer
	policies string
	dir      string // for files of clients
	certs    string

	id, secret string // alice's access key
}

// start starts the example with the keys of an issuer of the test, with an access key of alice, and
// with changes to registries.yaml. The registry has the image team/app:v1.
func start(t *testing.T, changes ...string) *system {
	t.Helper()
	switch {
	case errors.Is(missing, errLeft):
		t.Skip(prerequisite.LeftToCI + "AWS's clients take minutes to build; make test ALL_CLIENTS=true runs them here")
	case missing != nil:
		prerequisite.Check(t, missing)
	}
	example := filepath.Join(stack.Root(), "examples", "signin")
	sys := &system{t: t, dir: t.TempDir(), certs: t.TempDir()}
	var err error
	if sys.issuer, err = issuer.Start(eks, issuer.ES256); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.issuer.Close)
	policies := filepath.Join(t.TempDir(), "etc", "policies")
	sys.policies = policies
	must(t, os.CopyFS(policies, os.DirFS(filepath.Join(example, "policies"))))
	listen := freeAddress(t)
	edit(t, filepath.Join(policies, "registries.yaml"), append(changes, "https://registry.example.com\n", "https://"+listen+"\n")...)
	must(t, os.WriteFile(filepath.Join(policies, "jwks", "eks.json"), sys.issuer.KeySet(), 0o644))
	edit(t, filepath.Join(policies, "principals.yaml"), "  jwks: https://gitlab.com/oauth/discovery/keys\n", "  jwks: jwks/eks.json\n")
	authority, err := certs.NewAuthority()
	must(t, err)
	template := certs.Named("registry")
	template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	must(t, errors.Join(authority.WriteServer(sys.certs), authority.Write(sys.certs, "server", template)))
	keys := filepath.Join(t.TempDir(), "keys")
	sys.run(os.Environ(), "", programs.Extauthz, "session-key", keys)
	sys.createKey(policies, alice)
	sys.Processes, err = programs.Start(stack.Spec{
		Envoy: filepath.Join(example, "envoy.yaml"), Policies: policies, Certs: sys.certs, Listen: listen, Keys: keys,
		Flags: []string{"--message-recipients", messages("recipients.txt"), "--message-key", messages("key.txt")},
	})
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("extauthz:\n%s\nEnvoy:\n%s", sys.Log(stack.Extauthz), sys.Log(stack.Envoy))
		}
		must(t, sys.Close())
	})
	sys.fill()
	return sys
}

// in returns the system for a subtest.
func (sys *system) in(t *testing.T) *system {
	own := *sys
	own.t = t
	return &own
}

// messages returns a file of the keys of encoded messages.
func messages(file string) string {
	return filepath.Join(stack.Root(), "denialmessage", "testdata", file)
}

// createKey creates an access key of a user, as an operator does.
func (sys *system) createKey(policies, user string) {
	sys.t.Helper()
	out := sys.run(os.Environ(), "", programs.Extauthz, "access-key", "create", "--policies", policies, "--user", user, "--format", "json")
	var key struct {
		AccessKey struct {
			ID     string `json:"AccessKeyId"`
			Secret string `json:"SecretAccessKey"`
		}
	}
	if err := json.Unmarshal([]byte(out), &key); err != nil || key.AccessKey.Secret == "" {
		sys.t.Fatalf("the output is %q: %v", out, err)
	}
	edit(sys.t, filepath.Join(policies, "principals.yaml"), "credentials:\n", "credentials:\n- accessKey: "+key.AccessKey.ID+"\n  principal: "+user+"\n")
	sys.id, sys.secret = key.AccessKey.ID, key.AccessKey.Secret
}

// fill pushes an image to the registry behind Envoy.
func (sys *system) fill() {
	sys.t.Helper()
	image, err := random.Image(64, 1)
	must(sys.t, err)
	tag, err := name.NewTag(sys.Address(stack.Registry) + "/team/app:v1")
	must(sys.t, err)
	must(sys.t, remote.Write(tag, image))
}

// token returns a token of a service account.
func (sys *system) token(subject string) string {
	sys.t.Helper()
	token, err := sys.issuer.Sign(sys.issuer.Claims(subject, "registry.example.com", nil))
	must(sys.t, err)
	return token
}

// environment returns the environment of clients, with further variables.
func (sys *system) environment(further ...string) []string {
	authority := filepath.Join(sys.certs, "client-ca.crt")
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + sys.dir, python.Environment(), "SSL_CERT_FILE=" + authority, "AWS_CA_BUNDLE=" + authority,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent", "AWS_DEFAULT_REGION=eu-central-1", "AWS_REGION=eu-central-1", "AWS_PAGER=",
		"AWS_MAX_ATTEMPTS=1", "AWS_ENDPOINT_URL_ECR=https://" + sys.Address(stack.Envoy), "AWS_ENDPOINT_URL_STS=https://" + sys.Address(stack.Envoy),
		"DOCKER_CONFIG=" + sys.dir,
	}, further...)
}

// webIdentity returns the variables of a pod whose service account assumes the builder's role.
func (sys *system) webIdentity() []string {
	sys.t.Helper()
	file := filepath.Join(sys.dir, "token")
	must(sys.t, os.WriteFile(file, []byte(sys.token(builderPod)), 0o600))
	return []string{"AWS_ROLE_ARN=" + builder, "AWS_WEB_IDENTITY_TOKEN_FILE=" + file, "AWS_ROLE_SESSION_NAME=build"}
}

// accessKey returns the variables of alice's access key.
func (sys *system) accessKey() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + sys.id, "AWS_SECRET_ACCESS_KEY=" + sys.secret}
}

// try runs a client, and returns its output and its error.
func (sys *system) try(environment []string, stdin, program string, args ...string) (string, error) {
	sys.t.Helper()
	ctx, cancel := context.WithTimeout(sys.t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Env, command.Stdin = environment, strings.NewReader(stdin)
	var failure strings.Builder
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%s %q: %w: %s", filepath.Base(program), args, err, failure.String())
	}
	return string(out), err
}

// run runs a client that succeeds, and returns its output.
func (sys *system) run(environment []string, stdin, program string, args ...string) string {
	sys.t.Helper()
	out, err := sys.try(environment, stdin, program, args...)
	if err != nil {
		sys.t.Fatal(err)
	}
	return out
}

// aws runs aws as a caller, and returns its output.
func (sys *system) aws(caller []string, args ...string) string {
	sys.t.Helper()
	return sys.run(sys.environment(caller...), "", "python3", append([]string{"-m", "awscli"}, args...)...)
}

// awsFails runs aws as a caller, whose call fails with an error that contains a text.
func (sys *system) awsFails(want string, caller []string, args ...string) string {
	sys.t.Helper()
	_, err := sys.try(sys.environment(caller...), "", "python3", append([]string{"-m", "awscli"}, args...)...)
	if err == nil || !strings.Contains(err.Error(), want) {
		sys.t.Errorf("aws %q: %v, want %q", args, err, want)
		return ""
	}
	return err.Error()
}

// login lets crane log in with a password of the user AWS.
func (sys *system) login(password string) {
	sys.t.Helper()
	sys.run(sys.environment(), password, crane, "auth", "login", sys.Address(stack.Envoy), "-u", "AWS", "--password-stdin")
}

// edit replaces texts in a file: each is followed by its replacement.
func edit(t *testing.T, file string, changes ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("%s has no %q", file, changes[i])
		}
	}
	must(t, os.WriteFile(file, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o644))
}

// readFile returns the text of a file in a folder.
func readFile(t *testing.T, dir, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, file))
	must(t, err)
	return string(text)
}

// write writes a file of the policy directory.
func (sys *system) write(file, text string) {
	sys.t.Helper()
	must(sys.t, os.WriteFile(filepath.Join(sys.policies, file), []byte(text), 0o644))
}

// until waits until something is so.
func (sys *system) until(is func() bool) {
	sys.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			sys.t.Fatal("it does not become so")
		}
	}
}

// transport returns a transport that trusts the authority of the test.
func (sys *system) transport() http.RoundTripper {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(readFile(sys.t, sys.certs, "client-ca.crt")))
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
}

// freeAddress returns a loopback address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
