package clients

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// guide is the folder with the example policies, which tests of package iam also read.
var guide = filepath.Join(stack.Root(), "iam", "testdata", "ecr-guide")

// guidePolicies writes a policy directory for the registry of an account, with an example as the
// policy of my-repo, and the callers with their policies.
func guidePolicies(t *testing.T, account, example string, callers []caller) string {
	t.Helper()
	dir := t.TempDir()
	place := func(file string, text []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	place("registries.yaml", fmt.Appendf(nil, "registries: [{name: quickstart, hosts: [127.0.0.1], account: %q, region: us-east-1, realm: the guide}]\n", account))
	place("principals.yaml", principals(callers))
	place("htpasswd", content(t, policies, "htpasswd"))
	place("managed/login.json", content(t, policies, "managed/login.json"))
	for _, policy := range []string{mayAll, mayPull, mayOneRepo} {
		place("managed/"+policy+".json", content(t, guide, policy+".json"))
	}
	if example != "" {
		place("accounts/"+account+"/us-east-1/repositories/my-repo/_policy.json", content(t, guide, example+".json"))
	}
	return dir
}

// content returns the content of a file of a folder.
func content(t *testing.T, dir, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// principals returns principals.yaml for the callers.
func principals(callers []caller) []byte {
	var credentials, attached strings.Builder
	for _, c := range callers {
		fmt.Fprintf(&credentials, "- {basic: %s, principal: \"arn:aws:iam::%s\"}\n", c.name, c.arn)
		fmt.Fprintf(&attached, "- {arn: \"arn:aws:iam::%s\", policies: [%s]}\n", c.arn, strings.Join(c.policies, ", "))
	}
	return []byte("credentials:\n" + credentials.String() + "principals:\n" + attached.String())
}

// meets has the caller push to my-repo and pull from it.
func (c caller) meets(t *testing.T, w *system) {
	t.Helper()
	login := remote.WithAuth(&authn.Basic{Username: c.name, Password: c.name + "-secret"})
	at := func(image string) name.Reference {
		reference, err := name.ParseReference(w.Address(stack.Envoy) + "/" + image)
		if err != nil {
			t.Fatal(err)
		}
		return reference
	}
	err := remote.Write(at("my-repo:by-"+c.name), imageOf(t, "amd64", "pushed by "+c.name), login)
	c.checkError(t, "push", err, c.push)
	if got := w.holds(t, "my-repo:by-"+c.name); got != (c.push == allowed) {
		t.Errorf("the registry has the image: %v", got)
	}
	c.checkError(t, "pull", pullAll(at("my-repo:v1"), login), c.pull)
}

// pullAll pulls every byte of an image; the library checks the digests.
func pullAll(reference name.Reference, options ...remote.Option) error {
	image, err := remote.Image(reference, options...)
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		blob, err := layer.Compressed()
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, blob); err != nil {
			return err
		}
		blob.Close()
	}
	return nil
}

// checkError checks the error of a push or a pull.
func (c caller) checkError(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case want == allowed && err != nil:
		t.Errorf("%s: %v", what, err)
	case want != allowed && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v, want an error with %q", what, err, want)
	}
}
