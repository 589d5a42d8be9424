package main

import (
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"time"

	"extauthz/decisionlog"
	"extauthz/diag"
	"extauthz/envoy"
)

// config contains the flags of serve.
type config struct {
	policies     string
	shadow       string
	wait         bool
	pollInterval time.Duration
	cacheSize    int
	loadMemory   byteSize

	listen     string
	socketMode socketMode
	tls        envoy.TLSFiles

	maxConnections int
	metadata       envoy.Metadata

	adminListen, probeListen string
	pprof                    bool

	signinListen, sessionKeys string
	recipients, messageKey    string // files

	decisions         decisionlog.Mode
	decisionsFile     string
	decisionsBuffer   int
	decisionsRequired bool
	rotation          struct {
		size byteSize
		age  time.Duration
		keep int
	}

	drainDelay, drainTimeout time.Duration
	logLevel                 slog.Level
}

// declare adds the flags of serve. Parsing them sets c.
func (c *config) declare(flags *flag.FlagSet) {
	c.declarePolicies(flags)
	c.declareListeners(flags)
	c.declareDecisionLog(flags)
	flags.StringVar(&c.recipients, "message-recipients", "", "`FILE` with the public keys of age, one on each line, of those who may read the encoded authorization messages of denials; empty writes none")
	flags.StringVar(&c.messageKey, "message-key", "", "`FILE` with the secret key of a recipient, with which callers who may sts:DecodeAuthorizationMessage read messages at --signin-listen; empty reads none, and then the sidecar cannot read what it writes")
	flags.DurationVar(&c.drainDelay, "drain-delay", 0, "how long to continue serving after SIGTERM, while /readyz fails")
	flags.DurationVar(&c.drainTimeout, "drain-timeout", 10*time.Second, "how long to wait for calls in progress after the drain delay")
	levels := []string{"debug", "info", "warn", "error"}
	flags.TextVar(&c.logLevel, "log-level", slog.LevelInfo, "`LEVEL` of the process log on standard error: "+oneOf(levels))
	acceptOnly(flags, "log-level", levels...)
}

func (c *config) declarePolicies(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "`DIR` with the policies; required")
	flags.StringVar(&c.shadow, "shadow-policies", "", "`DIR` with other policies, which decide every request a second time without an effect on its answer; differences are logged and counted")
	flags.BoolVar(&c.wait, "wait-for-policies", false, "start even if the policy directory cannot be loaded, and refuse every request until it can")
	flags.DurationVar(&c.pollInterval, "poll-interval", 30*time.Second, "how often to check the policy directory for changes, in addition to file events")
	flags.TextVar(&c.loadMemory, "load-memory", c.loadMemory, "`SIZE` of the memory that loading policies may use, such as 512MiB; a directory that needs more is rejected, and the last valid policies stay in force; 0 means two fifths of the container's memory limit or of GOMEMLIMIT, or 1GiB without a limit")
	flags.IntVar(&c.cacheSize, "cache-size", 65536, "how many decisions to cache")
}

func (c *config) declareListeners(flags *flag.FlagSet) {
	flags.StringVar(&c.listen, "listen", defaultListen, "`ADDRESS` for Envoy: HOST:PORT or unix:///PATH")
	c.socketMode = 0o660
	flags.TextVar(&c.socketMode, "socket-mode", c.socketMode, "octal `MODE` of the unix socket")
	flags.StringVar(&c.tls.Cert, "tls-cert", "", "PEM `FILE` with the listener's certificate chain; read again after a change")
	flags.StringVar(&c.tls.Key, "tls-key", "", "PEM `FILE` with the certificate's key")
	flags.StringVar(&c.tls.ClientCA, "tls-client-ca", "", "PEM `FILE` with the certificate authorities of client certificates, which are then required")
	flags.IntVar(&c.maxConnections, "max-connections", 512, "how many connections Envoy's port keeps open; at the limit, a connection without a recent answer is closed")
	flags.TextVar(&c.metadata, "metadata", envoy.DefaultMetadata, "`FIELDS` of the decision that Envoy receives as dynamic metadata: none, or names separated by commas")
	flags.StringVar(&c.adminListen, "admin-listen", defaultAdminListen, "loopback `ADDRESS` for /livez, /readyz, /metrics and /snapshot; empty disables it")
	flags.StringVar(&c.probeListen, "probe-listen", "", "another `ADDRESS` for /livez, /readyz and /metrics; empty disables it")
	flags.StringVar(&c.signinListen, "signin-listen", "", "loopback `ADDRESS` or unix:///PATH at which Envoy lets callers sign in; empty disables it")
	flags.StringVar(&c.sessionKeys, "session-keys", "", "`DIR` with the private keys of session tokens, outside of the policy directory; read again after a change")
	flags.BoolVar(&c.pprof, "pprof", false, "serve /debug/pprof on the admin listener")
}

func (c *config) declareDecisionLog(flags *flag.FlagSet) {
	modes := []string{string(decisionlog.All), string(decisionlog.Denied), string(decisionlog.None)}
	flags.TextVar(&c.decisions, "decision-log", decisionlog.All, "`MODE` of the decision log: "+oneOf(modes))
	acceptOnly(flags, "decision-log", modes...)
	flags.StringVar(&c.decisionsFile, "decision-log-file", decisionlog.StandardOutput, "`FILE` to which decisions are appended, opened again after SIGHUP; - means standard output")
	flags.TextVar(&c.rotation.size, "decision-log-max-size", c.rotation.size, "`SIZE`, such as 100MiB, that the decision log's file may have; before it has more, it is renamed and a new one begins")
	flags.DurationVar(&c.rotation.age, "decision-log-max-age", 0, "how long the decision log's file is used, such as 24h: then it is renamed, and a new one begins, at multiples of this time in UTC; 0s means no limit")
	flags.IntVar(&c.rotation.keep, "decision-log-keep", 0, "how many renamed files of the decision log remain; 0 keeps all")
	flags.IntVar(&c.decisionsBuffer, "decision-log-buffer", 4096, "how many decisions may wait to be written; more are lost")
	flags.BoolVar(&c.decisionsRequired, "decision-log-required", false, "refuse a request whose decision cannot be logged")
}

// Default addresses of the listeners.
const (
	defaultListen      = "127.0.0.1:9191"
	defaultAdminListen = "127.0.0.1:9192"
)

// socketMode contains permission bits. Its text form is octal.
type socketMode fs.FileMode

// UnmarshalText parses octal permission bits.
func (m *socketMode) UnmarshalText(text []byte) error {
	bits, err := strconv.ParseUint(string(text), 8, 32)
	if err != nil || bits > uint64(fs.ModePerm) {
		return diag.Problemf("%q is not a file mode", text).WithRemedy("write octal bits such as 0660")
	}
	*m = socketMode(bits)
	return nil
}

// MarshalText returns the bits in octal.
func (m socketMode) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%#o", uint32(m)), nil
}
