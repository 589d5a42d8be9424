package main

import (
	"context"
	"flag"
	"net"
	"net/http"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/doctor"
)

func doctorUsage() command {
	return command{
		name: "doctor", summary: "report what in an Envoy configuration undoes the protection",
		usage: []string{
			"[FILE...]",
			"--admin ADDRESS",
		},
		example:  "--policies policies envoy.yaml",
		negative: "there is a finding at least as severe as --fail-on",
		flags:    new(doctorCommand).declare, run: examine,
	}
}

// doctorCommand contains the flags of doctor.
type doctorCommand struct {
	findingFlags
	policies  string
	admin     string
	unchecked []string
}

// declare adds the flags of doctor. Parsing them sets c.
func (c *doctorCommand) declare(flags *flag.FlagSet) {
	c.findingFlags.declare(flags)
	flags.StringVar(&c.policies, "policies", "", "policy `DIRECTORY` of the extauthz that this Envoy calls; also report what cannot work with this Envoy")
	flags.StringVar(&c.admin, "admin", "", "`ADDRESS` of Envoy's admin interface, HOST:PORT or unix:///PATH; read its config dump instead of files")
	flags.Func("unchecked", "`CLUSTER` that requests may reach without a check, because it is not a registry; can be repeated", func(name string) error {
		c.unchecked = append(c.unchecked, name)
		return nil
	})
}

// examine reports what in a configuration of Envoy undoes the protection. A finding at least as
// severe as --fail-on is a negative result.
func examine(in *invocation) error {
	c := new(doctorCommand)
	files, err := in.parse(c)
	if err != nil {
		return err
	}
	configuration, err := c.read(in, files)
	if err != nil {
		return err
	}
	options := doctor.Options{Unchecked: c.unchecked}
	if c.policies != "" {
		if options.Policies, err = loadDirectory(in, c.policies); err != nil {
			return err
		}
	}
	return c.write(in.stdout, doctor.Check(configuration, options), in.command, doctor.Rules(), "")
}

// read reads the configuration from the files, standard input, or Envoy.
func (c *doctorCommand) read(in *invocation, files []string) (*doctor.Config, error) {
	configuration := new(doctor.Config)
	if c.admin != "" {
		if len(files) > 0 {
			return nil, inputError{diag.Problemf("unexpected argument %q", files[0]).WithRemedy("give files or --admin, not both")}
		}
		reading := in.begin("reading the config dump")
		text, err := c.readDump()
		reading.end()
		if err != nil {
			return nil, inputErrorf("--admin %s: %w", c.admin, err)
		}
		return configuration, asInput(configuration.Add("config_dump", text))
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		source, text, err := readNamed(in, name)
		if err != nil {
			return nil, err
		}
		if err := configuration.Add(source, text); err != nil {
			return nil, inputError{err}
		}
	}
	return configuration, nil
}

// asInput returns err as a fault in the input, nil for nil.
func asInput(err error) error {
	if err == nil {
		return nil
	}
	return inputError{err}
}

// dumpTimeout is the longest time to read a config dump.
const dumpTimeout = 30 * time.Second

// readDump reads the config dump of a running Envoy, with the endpoints of its clusters.
func (c *doctorCommand) readDump() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dumpTimeout)
	defer cancel()
	network, address := "tcp", c.admin
	if path, isSocket := strings.CutPrefix(c.admin, "unix://"); isSocket {
		network, address = "unix", path
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://envoy/config_dump?include_eds", nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, diag.Problemf("/config_dump is answered %s", response.Status).WithRemedy("give the address of Envoy's admin interface")
	}
	return readInput("/config_dump", response.Body)
}
