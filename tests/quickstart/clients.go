package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"extauthz/tests/bounded"
	"extauthz/tests/fixture"
)

// client is a registry client of this machine.
type client struct {
	pull   string // what it is told for team/app:v1 at %s, to read it
	change string // and to change it
}

// clients are those that this machine has and that work: docker only with an
// engine, and only for loopback addresses, for which it needs no TLS.
func clients(ctx context.Context, loopback bool) (found []client) {
	if _, err := exec.LookPath("crane"); err == nil {
		crane := "crane "
		if !loopback {
			crane += "--insecure "
		}
		found = append(found, client{crane + "digest %s/team/app:v1", crane + "tag %s/team/app:v1 v2"})
	}
	if loopback && bounded.Docker(ctx) == nil {
		found = append(found, client{"docker pull %s/team/app:v1", "docker push %s/team/app:v1"})
	}
	return found
}

// loginAs has a client send the user's password to address, by a folder of the
// user's own, which it returns.
func loginAs(user, address, dir string) (string, error) {
	folder := filepath.Join(dir, user)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	return folder, fixture.Login(folder, address, user)
}
