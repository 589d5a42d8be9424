package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
)

// asProgram is an environment variable that makes the test binary run the program, so
// that tests can start it as a process.
const asProgram = "RUN_THE_PROGRAM_NOT_ITS_TESTS"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// quickstart is the policy directory of the example.
const quickstart = "../../examples/quickstart/policies"

// typed runs the program with a command line and an environment.
func typed(t *testing.T, line string, env ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(strings.Fields(line), env, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

// mistake is a command line, an environment and a part of the error.
type mistake struct {
	line string
	env  []string
	want string
}

// misusedCommands has no command, an unknown command, or wrong arguments.
func misusedCommands() []mistake {
	return []mistake{
		{"", nil, "no command given; see extauthz help"},
		{"fly", nil, `unknown command "fly"; see extauthz help`},
		{"help fly", nil, `unknown command "fly"`},
		{"serv", nil, `unknown command "serv"; did you mean serve?`},
		{"lint --fromat json policies", nil, "unknown flag --fromat; did you mean --format?"},
		{"help --fly", nil, "unknown flag --fly; see extauthz help help"},
		{"help serve version", nil, `unexpected argument "version"`},
		{"version now", nil, `unexpected argument "now"; see extauthz help version`},
		{"healthcheck --admin-listen 192.0.2.1:9192", nil, "--admin-listen 192.0.2.1:9192: 192.0.2.1 is not a loopback address"},
		{"healthcheck --admin-listen= --listen nowhere", nil, `--listen "nowhere" is not an address`},
		{"healthcheck --admin-listen= --tls-cert /nowhere", nil, "--tls-cert /nowhere"},
		{"healthcheck --timeout soon", nil, `invalid value "soon" for flag --timeout`},
	}
}

// misusedFlags has flags that are unknown or out of range. serve and bare are valid
// command lines, with and without a decision log.
func misusedFlags(serve, bare string) []mistake {
	return []mistake{
		{"serve", nil, "--policies is missing"},
		{serve + "--fly", nil, "unknown flag --fly; see extauthz help serve"},
		{serve + "--listen", nil, "flag --listen needs a value"},
		{serve + "--pprof=perhaps", nil, `invalid boolean value "perhaps" for --pprof: `},
		{serve + "-f", nil, "unknown flag -f; see"},
		{serve + `--cache-size a"-b`, nil, `invalid value "a\"-b" for flag --cache-size: `},
		{"map -H", nil, "flag -H needs a value; see"},
		{serve + "---listen", nil, "bad flag syntax: ---listen; see"},
		{serve + "--=1", nil, "bad flag syntax: --=1; see"},
		{serve + "-fly=1", nil, "unknown flag --fly; see"},
		{serve + "--pprof= --cache-size 1", nil, `invalid boolean value "" for --pprof: `},
		{serve + "--cache-size=", nil, `invalid value "" for flag --cache-size: `},
		{serve + "--cache-size -1", nil, "--cache-size -1 is too small"},
		{serve + "-- --pprof", nil, `unexpected argument "--pprof"`},
		{serve + "-", nil, `unexpected argument "-"`},
		{serve + "now", nil, `unexpected argument "now"`},
		{serve + "--pprof false", nil, `unexpected argument "false"`},
		{serve + "--cache-size many", nil, `invalid value "many" for flag --cache-size`},
		{serve + "--cache-size 0", nil, "--cache-size 0 is too small"},
		{serve + "--poll-interval 10ms", nil, "--poll-interval 10ms is too short"},
		{serve + "--drain-delay -1s", nil, "--drain-delay -1s is negative"},
		{serve + "--drain-timeout -1s", nil, "--drain-timeout -1s is negative"},
		{serve + "--log-level loud", nil, `for flag --log-level`},
		{serve + "--decision-log some", nil, `"some" is not a mode; write all, denied or none`},
		{serve + "--decision-log-buffer 0", nil, "--decision-log-buffer 0 is too small"},
		{bare + "--decision-log-file=", nil, "--decision-log-file is empty"},
		{serve + "--decision-log-max-size 1000KiB", nil, "--decision-log-max-size 1024000 bytes is too small"},
		{serve + "--decision-log-max-age 1s", nil, "--decision-log-max-age 1s is too short"},
		{serve + "--decision-log-max-age -1h", nil, "--decision-log-max-age -1h0m0s is too short"},
		{serve + "--decision-log-keep -1 --decision-log-max-age 24h", nil, "--decision-log-keep -1 is negative"},
		{serve + "--socket-mode 999", nil, `"999" is not a file mode`},
		{serve + "--socket-mode 01777 --listen unix:///run/a.sock", nil, `"01777" is not a file mode`},
	}
}

// contradictingFlags has flags that exclude each other.
func contradictingFlags(serve, bare, inPolicies string) []mistake {
	return []mistake{
		{serve + "--tls-key k", nil, "--tls-key is set without --tls-cert"},
		{serve + "--tls-cert c", nil, "--tls-cert is set without --tls-key"},
		{serve + "--tls-client-ca a", nil, "--tls-client-ca is set without --tls-cert"},
		{bare + "--decision-log none --decision-log-required", nil, "--decision-log-required cannot be combined with --decision-log none"},
		{bare + "--decision-log none --decision-log-file x", nil, "--decision-log-file cannot be combined with --decision-log none"},
		{bare + "--decision-log none --decision-log-buffer 1", nil, "--decision-log-buffer cannot be combined with --decision-log none"},
		{bare + "--decision-log none --decision-log-max-size 1MiB", nil, "--decision-log-max-size cannot be combined with --decision-log none"},
		{bare + "--decision-log none --decision-log-max-age 24h", nil, "--decision-log-max-age cannot be combined with --decision-log none"},
		{serve + "--decision-log-keep 3", nil, "--decision-log-keep is set, but the file is never renamed"},
		{bare + "--decision-log-max-size 1MiB", nil, "are about a file, but decisions go to standard output; give --decision-log-file"},
		{bare + "--decision-log-max-age 24h", nil, "are about a file, but decisions go to standard output; give --decision-log-file"},
		{serve + "--socket-mode 0600", nil, "--socket-mode is set, but --listen 127.0.0.1:9191 is not a unix socket; leave out --socket-mode"},
		{serve + "--pprof --admin-listen=", nil, "--pprof is set without an admin listener"},
		{serve + "--admin-listen 0.0.0.0:9192", nil, "--admin-listen 0.0.0.0:9192: 0.0.0.0 is not a loopback address"},
		{serve + "--admin-listen :9192", nil, "--admin-listen \":9192\" is not an address: the host is missing"},
		{serve + "--admin-listen unix:///run/a.sock", nil, "is a unix socket; write HOST:PORT"},
		{serve + "--probe-listen 9193", nil, `--probe-listen "9193" is not an address`},
		{serve + "--listen :9191", nil, `--listen ":9191" is not an address`},
		{serve + "--listen unix:///" + strings.Repeat("a", 200), nil, "choose a shorter one"},
		{serve + "--listen 127.0.0.1:9192", nil, "--listen and --admin-listen are both 127.0.0.1:9192"},
		{serve + "--probe-listen 127.0.0.1:9191", nil, "--listen and --probe-listen are both 127.0.0.1:9191"},
		{bare + "--decision-log-file " + quickstart + "/decisions.log", nil, "is inside the policy directory"},
		{serve + "--listen unix://" + inPolicies + "/a.sock", nil, "is inside the policy directory"},
	}
}

// misusedEnvironment has variables that are unknown or have a wrong value.
func misusedEnvironment(serve string) []mistake {
	return []mistake{
		{"serve", []string{"EXTAUTHZ_POLICIES=" + quickstart, "EXTAUTHZ_CACHE_SIZE=0"}, "--cache-size 0 is too small"},
		{serve, []string{"EXTAUTHZ_PPROF=perhaps"}, `invalid value "perhaps" for EXTAUTHZ_PPROF`},
		{serve, []string{"EXTAUTHZ_SOCKET_MODE=0600"}, "--socket-mode is set, but --listen"},
		{serve, []string{"EXTAUTHZ_DECISION_LOG_REQIRED=true"}, "EXTAUTHZ_DECISION_LOG_REQIRED is not a setting"},
		{serve, []string{"EXTAUTHZ_decision_log=all"}, "EXTAUTHZ_decision_log is not a setting"},
		{serve, []string{"EXTAUTHZ_=1"}, "EXTAUTHZ_ is not a setting"},
	}
}

// missingFiles has files that do not exist.
func missingFiles(serve string) []mistake {
	return []mistake{
		{"serve --policies /nowhere/policies", nil, "extauthz serve: /nowhere/policies: the policy directory cannot be read: " + syscall.ENOENT.Error()},
		{serve + "--tls-cert /nowhere/c --tls-key /nowhere/k", nil, "/nowhere/c"},
	}
}

// TestMistakes checks that the error of a mistake is one line, that the exit code is 2,
// and that no file was opened.
func TestMistakes(t *testing.T) {
	logFile := filepath.Join(t.TempDir(), "decisions.log")
	bare := "serve --policies " + quickstart + " "
	serve := bare + "--decision-log-file " + logFile + " "
	inPolicies, err := filepath.Abs(quickstart)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range slices.Concat(misusedCommands(), misusedFlags(serve, bare), contradictingFlags(serve, bare, inPolicies),
		misusedEnvironment(serve), missingFiles(serve)) {
		t.Run(m.line+" "+strings.Join(m.env, " "), func(t *testing.T) {
			code, stdout, stderr := typed(t, m.line, m.env...)
			if code != exitInput || stdout != "" || !strings.HasPrefix(stderr, "extauthz") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, m.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q", code, stdout, stderr, m.want)
			}
			if _, err := os.Stat(logFile); err == nil {
				t.Error("the decision log was opened")
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, line := range []string{"help", "--help", "-h"} {
		code, stdout, stderr := typed(t, line)
		if code != exitDone || stderr != "" || !strings.Contains(stdout, "healthcheck") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", line, code, stdout, stderr)
		}
	}
	for _, line := range []string{"help --help", "help -h", "help serve --help"} {
		code, stdout, stderr := typed(t, line)
		if code != exitDone || stderr != "" || !strings.HasPrefix(stdout, "extauthz help: ") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", line, code, stdout, stderr)
		}
	}
	for _, line := range []string{"help serve", "serve --help", "serve --policies x -h"} {
		code, stdout, stderr := typed(t, line)
		if code != exitDone || stderr != "" || !strings.Contains(stdout, "--decision-log-required") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", line, code, stdout, stderr)
		}
	}
}

// TestHelpHasExamples checks that the help for each command ends with an example that the command's
// flags accept.
func TestHelpHasExamples(t *testing.T) {
	for _, c := range commands() {
		_, stdout, _ := typed(t, c.name+" --help")
		_, example, _ := strings.Cut(stdout, "\nExample:\n  extauthz ")
		words := strings.Fields(example)
		if len(words) == 0 || words[0] != c.name {
			t.Errorf("help for %s has no example:\n%s", c.name, stdout)
			continue
		}
		flags := newFlags()
		c.flags(flags)
		if _, err := parseMixed(flags, &invocation{command: c.name, args: words[1:]}); err != nil {
			t.Errorf("example %q: %v", example, err)
		}
	}
}

// TestHelpOnHeaders checks the form of flags in the help for map.
func TestHelpOnHeaders(t *testing.T) {
	_, stdout, _ := typed(t, "help map")
	for _, want := range []string{"\n  -H HEADER\n", "\n  --header HEADER\n", "\n  --assume-missing\n", "\n  --account ACCOUNT\n", "2 to 256 characters, and not by OCI's, 1 to 255"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("help lacks %q:\n%s", want, stdout)
		}
	}
}

func TestVersion(t *testing.T) {
	code, stdout, stderr := typed(t, "version", "EXTAUTHZ_OF_A_LATER_VERSION=1")
	if code != exitDone || stderr != "" || !strings.HasPrefix(stdout, "extauthz ") || !strings.Contains(stdout, " go1.") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestEnvironment checks that a variable sets each flag of serve, that the flag takes
// precedence, and that variables of Kubernetes services are ignored.
func TestEnvironment(t *testing.T) {
	read := func(line string, env ...string) *config {
		t.Helper()
		c, err := readConfig(&invocation{"serve", strings.Fields(line), env, nil, io.Discard, io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := read("--cache-size 7 --pprof=false",
		"PATH=/bin", "EXTAUTHZ_POLICIES="+quickstart, "EXTAUTHZ_CACHE_SIZE=9", "EXTAUTHZ_PPROF=true",
		"EXTAUTHZ_LISTEN=unix:///run/a.sock", "EXTAUTHZ_SOCKET_MODE=0600", "EXTAUTHZ_DECISION_LOG=denied",
		"EXTAUTHZ_DRAIN_DELAY=3s", "EXTAUTHZ_ADMIN_LISTEN=", "EXTAUTHZ_LOG_LEVEL=warn")
	if c.policies != quickstart || c.cacheSize != 7 || c.pprof || c.listen != "unix:///run/a.sock" || c.socketMode != 0o600 ||
		c.decisions != "denied" || c.drainDelay.Seconds() != 3 || c.adminListen != "" || c.logLevel.String() != "WARN" {
		t.Errorf("config = %+v", c)
	}
	links := []string{"EXTAUTHZ_SERVICE_HOST=10.0.0.1", "EXTAUTHZ_SERVICE_PORT=9191", "EXTAUTHZ_SERVICE_PORT_GRPC=9191",
		"EXTAUTHZ_PORT=tcp://10.0.0.1:9191", "EXTAUTHZ_PORT_9191_TCP=tcp://10.0.0.1:9191", "EXTAUTHZ_PORT_9191_TCP_PROTO=tcp",
		"EXTAUTHZ_PORT_9191_TCP_PORT=9191", "EXTAUTHZ_PORT_9191_TCP_ADDR=10.0.0.1", "EXTAUTHZ_ADMIN_SERVICE_HOST=10.0.0.2"}
	read("--policies "+quickstart, links...)
}

// TestFlagsAreDocumented checks the list of serve's flags.
func TestFlagsAreDocumented(t *testing.T) {
	want := []string{"admin-listen", "cache-size", "decision-log", "decision-log-buffer", "decision-log-file", "decision-log-keep", "decision-log-max-age", "decision-log-max-size", "decision-log-required",
		"drain-delay", "drain-timeout", "listen", "load-memory", "log-level", "max-connections", "message-key", "message-recipients", "metadata", "policies", "poll-interval", "pprof", "probe-listen", "session-keys", "shadow-policies", "signin-listen", "socket-mode",
		"tls-cert", "tls-client-ca", "tls-key", "wait-for-policies"}
	var got []string
	_, stdout, _ := typed(t, "help serve")
	for line := range strings.Lines(stdout) {
		if name, found := strings.CutPrefix(line, "  --"); found {
			got = append(got, strings.Fields(name)[0])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("flags = %v; want %v", got, want)
	}
}

// TestReportError checks that each fault of a policy directory is a line that begins
// with the command and contains the path of the file.
func TestReportError(t *testing.T) {
	at := func(file string) diag.Diagnostic {
		return diag.New(diag.File(file).At(diag.Point{Line: 3, Column: 7}), "x is wrong", "fix x")
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"one fault", at("managed/a.json"), "extauthz test: deploy/managed/a.json:3:7: x is wrong; fix x\n"},
		{"two faults", diag.List{at("a.yaml"), at("b.yaml")}, "extauthz test: deploy/a.yaml:3:7: x is wrong; fix x\nextauthz test: deploy/b.yaml:3:7: x is wrong; fix x\n"},
		{"fault of the directory itself", at("."), "extauthz test: deploy:3:7: x is wrong; fix x\n"},
		{"fault of a volume's link", at("..data"), "extauthz test: deploy/..data:3:7: x is wrong; fix x\n"},
		{"error without a position", errors.New("a\nb"), "extauthz test: a; b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stderr bytes.Buffer
			code := reportError(&stderr, "extauthz test", inputError{inDirectory("deploy", c.err)})
			if code != exitInput || stderr.String() != c.want {
				t.Errorf("exit %d, %q; want exit 2, %q", code, &stderr, c.want)
			}
		})
	}
}
