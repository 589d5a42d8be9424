package main

import (
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"time"

	"extauthz/decisionlog"
	"extauthz/envoy"
)

// config is what the flags of serve say.
type config struct {
	policies     string
	wait         bool
	pollInterval time.Duration
	cacheSize    int
	loadMemory   memorySize

	listen     string
	socketMode socketMode
	tls        envoy.TLSFiles

	maxConnections int

	adminListen, probeListen string
	pprof                    bool

	decisions         decisionlog.Mode
	decisionsFile     string
	decisionsBuffer   int
	decisionsRequired bool

	drainDelay, drainTimeout time.Duration
	logLevel                 slog.Level
}

// declare adds the flags of serve; parsing them fills in c.
func (c *config) declare(flags *flag.FlagSet) {
	c.declarePolicies(flags)
	c.declareListeners(flags)
	c.declareDecisionLog(flags)
	flags.DurationVar(&c.drainDelay, "drain-delay", 0, "how long after SIGTERM to go on serving with /readyz down")
	flags.DurationVar(&c.drainTimeout, "drain-timeout", 10*time.Second, "how long calls under way may then take")
	flags.TextVar(&c.logLevel, "log-level", slog.LevelInfo, "`LEVEL` of the process log on standard error: debug, info, warn or error")
}

func (c *config) declarePolicies(flags *flag.FlagSet) {
	flags.StringVar(&c.policies, "policies", "", "`DIR` that holds the policies; required")
	flags.BoolVar(&c.wait, "wait-for-policies", false, "start although the policy directory cannot be loaded, refuse every request, and wait for a good one")
	flags.DurationVar(&c.pollInterval, "poll-interval", 30*time.Second, "how often to compare the policy directory beside file events")
	flags.TextVar(&c.loadMemory, "load-memory", c.loadMemory, "`SIZE` of the memory that loading policies may use, such as 512MiB; a larger directory is refused and the last good policies stay; 0 is two fifths of the memory limit of the container or of GOMEMLIMIT, else 1GiB")
	flags.IntVar(&c.cacheSize, "cache-size", 65536, "how many decisions to remember")
}

func (c *config) declareListeners(flags *flag.FlagSet) {
	flags.StringVar(&c.listen, "listen", defaultListen, "`ADDRESS` for Envoy: HOST:PORT or unix:///PATH")
	c.socketMode = 0o660
	flags.TextVar(&c.socketMode, "socket-mode", c.socketMode, "octal `MODE` of the unix socket")
	flags.StringVar(&c.tls.Cert, "tls-cert", "", "PEM `FILE` with the listener's certificate chain; read again when renewed")
	flags.StringVar(&c.tls.Key, "tls-key", "", "PEM `FILE` with the certificate's key")
	flags.StringVar(&c.tls.ClientCA, "tls-client-ca", "", "PEM `FILE` with the authorities of client certificates, which are then required")
	flags.IntVar(&c.maxConnections, "max-connections", 512, "how many connections Envoy's port keeps open; at the limit the one that has gone longest without an answer is closed")
	flags.StringVar(&c.adminListen, "admin-listen", defaultAdminListen, "loopback `ADDRESS` for /livez, /readyz, /metrics and /snapshot; empty is off")
	flags.StringVar(&c.probeListen, "probe-listen", "", "another `ADDRESS` for /livez, /readyz and /metrics; empty is off")
	flags.BoolVar(&c.pprof, "pprof", false, "serve /debug/pprof on the admin listener")
}

func (c *config) declareDecisionLog(flags *flag.FlagSet) {
	flags.TextVar(&c.decisions, "decision-log", decisionlog.All, "`MODE` of the decision log: all, denied or none")
	flags.StringVar(&c.decisionsFile, "decision-log-file", standardOutput, "`FILE` to append decisions to, opened again upon SIGHUP; - is standard output")
	flags.IntVar(&c.decisionsBuffer, "decision-log-buffer", 4096, "how many decisions may wait to be written; what does not fit is lost")
	flags.BoolVar(&c.decisionsRequired, "decision-log-required", false, "refuse a request whose decision cannot be logged")
}

// Where serve listens unless told otherwise.
const (
	defaultListen      = "127.0.0.1:9191"
	defaultAdminListen = "127.0.0.1:9192"
)

// socketMode is permission bits, written in octal.
type socketMode fs.FileMode

// UnmarshalText reads octal permission bits.
func (m *socketMode) UnmarshalText(text []byte) error {
	bits, err := strconv.ParseUint(string(text), 8, 32)
	if err != nil || bits > uint64(fs.ModePerm) {
		return fmt.Errorf("%q is no permission; write octal bits such as 0660", text)
	}
	*m = socketMode(bits)
	return nil
}

// MarshalText writes them as they are read.
func (m socketMode) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%#o", uint32(m)), nil
}
