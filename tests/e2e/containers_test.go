package e2e

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"extauthz/tests/stack"
	"extauthz/tests/stack/containers"
)

// inContainers is the flag that runs the scenarios against containers.
var inContainers = flag.Bool("containers", false, "run the scenarios against containers, whose images package images finds")

// onlyProcesses are the groups and scenarios that do not run against containers, with the reason.
var onlyProcesses = map[string]string{
	"no inotify instance left":                        "the limit is set by a command that runs extauthz",
	"no inotify watch left":                           "the limit is set by a command that runs extauthz",
	"no inotify instance left, and no poll":           "the limit is set by a command that runs extauthz",
	"an overload":                                     "the limit is set by a command that runs extauthz, and the test reads the memory of the process",
	"recording upstream":                              "the upstream is a server of the test at a loopback address",
	"bytes over HTTP/2":                               "the upstream is a server of the test at a loopback address",
	"a registry that cleans names":                    "the upstream is a server of the test at a loopback address",
	"forwarded as checked":                            "the upstream is a server of the test at a loopback address",
	"keys from a URL":                                 "the issuer is a server of the test at a loopback address",
	"keys from a URL that hangs":                      "the issuer is a server of the test at a loopback address",
	"a registry with a password of its own":           "the registry is a process of the test",
	"a registry with a token service of its own":      "the registry is a process of the test",
	"two registries":                                  "the configuration has a second listener",
	"in two accounts and regions":                     "the configuration has a second listener",
	"in two units of an organization":                 "the configuration has a second listener",
	"changes of policies":                             "the decision log is a file on this machine",
	"encoded authorization messages":                  "the file of recipients is on this machine",
	"a flood":                                         "the guessers are loopback addresses of this machine",
	"no proxy in front of Envoy":                      "the client has the address of Docker's gateway",
	"a proxy in front of Envoy":                       "the client has the address of Docker's gateway",
	"a proxy in front of Envoy with a listed address": "the client has the address of Docker's gateway",
	"callers sign in":                                 oneIssuer,
	"session keys":                                    oneIssuer,
	"tokens":                                          oneIssuer,
	"tokens extracted from anywhere":                  oneIssuer,
	"logging in with tokens":                          oneIssuer,
	"grants tokens to crane":                          oneIssuer,
	"changing mappings":                               oneIssuer,
	"extauthz doctor has no finding":                  "the test reads a socket of Envoy's process",
	"outage":                                          "Envoy looks up the name of a container every five seconds; tests/outages ends containers",
	"to the same content":                             "a program saves a file that only its owner can read, and the image runs as another user",
}

const oneIssuer = "the keys of one issuer are at a URL, which is a server of the test at a loopback address"

// inContainersAtLeast is how many scenarios run against containers.
const inContainersAtLeast = 60

// TestOnlyProcesses checks that each entry of onlyProcesses is a group or a scenario, and how many
// scenarios are left to run against containers.
func TestOnlyProcesses(t *testing.T) {
	unknown, left := maps.Clone(onlyProcesses), 0
	for _, g := range slices.Concat(groups, untimed) {
		_, only := onlyProcesses[g.name]
		delete(unknown, g.name)
		for _, s := range g.scenarios {
			if _, onlyScenario := onlyProcesses[s.name]; !only && !onlyScenario {
				left++
			}
			delete(unknown, s.name)
		}
	}
	if len(unknown) > 0 {
		t.Errorf("no group and no scenario has the names %v", slices.Sorted(maps.Keys(unknown)))
	}
	if left < inContainersAtLeast {
		t.Errorf("%d scenarios run against containers, want at least %d", left, inContainersAtLeast)
	}
	t.Logf("%d scenarios run against containers", left)
}

// needsProcesses skips what runs against processes only. It is not listed as missing, because the
// same test runs there.
func needsProcesses(name string) bool {
	_, only := onlyProcesses[name]
	return *inContainers && only
}

// start starts a stack of processes, or of containers.
func start(t testing.TB, spec stack.Spec) stack.Stack {
	t.Helper()
	if !*inContainers {
		s, err := programs.Start(spec)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	share := filepath.Dir(t.TempDir()) // all temporary folders of the test are in it
	must(t, os.Chmod(share, 0o755))    // the image's user enters it
	s, err := containers.Start(t.Context(), found, spec, share)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
