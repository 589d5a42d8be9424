package clients

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"extauthz/tests/clientbin"
)

// findCosign returns the program, which also makes the keys.
var findCosign = fromModule(clientbin.Cosign)

// cosign signs images in the registry and verifies the signatures, with a key of the run and
// without a transparency log.
var cosign = &client{
	name:      "cosign",
	find:      findCosign,
	release:   clientbin.Cosign.Version,
	prepare:   writeKey,
	signs:     true,
	mounts:    true,
	noHead:    "it reads what it signs with GET and mounts what it copies, and so sends no HEAD before a denial",
	exitsZero: deniedDelete,
	pulled:    "docker-manifest-digest",
	verbs: map[operation]verb{
		login: simple("login", "$address", "-u", "$user", "-p", "$password"),
		pull:  simple("verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", "--allow-http-registry", "$1"),
		push: simple("sign", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--yes",
			"--allow-http-registry", "$1"),
		copies:  simple("copy", "--allow-http-registry", "$1", "$2"),
		deletes: simple("clean", "--force", "--allow-http-registry", "$1"),
	},
	remarks: map[operation]string{copies: `Command "copy" is deprecated, there are several options you can use instead:`},
	gaps: map[operation]string{
		pushIndex: "what it pushes is one signature, of an image or an index",
		tags:      "it has no command to list a registry's tags",
	},
}

// keyPair returns a key pair of this run without a password: the files cosign.key and cosign.pub.
var keyPair = sync.OnceValues(func() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "key-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, err := findCosign()
	if err != nil {
		return nil, err
	}
	generate := exec.Command(program, "generate-key-pair")
	generate.Dir, generate.Env = dir, append(os.Environ(), "COSIGN_PASSWORD=", "HOME="+dir)
	if out, err := generate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cosign generate-key-pair: %w: %s", err, out)
	}
	pair := map[string]string{}
	for _, file := range []string{"cosign.key", "cosign.pub"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		pair[file] = string(text)
	}
	return pair, nil
})

// writeKey writes the key pair of the run.
func writeKey(s *session) {
	s.t.Helper()
	pair, err := keyPair()
	if err != nil {
		s.t.Fatal(err)
	}
	for file, text := range pair {
		s.write(file, text)
	}
}
