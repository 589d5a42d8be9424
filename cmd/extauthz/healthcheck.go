package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"extauthz/diag"
	"extauthz/envoy"
)

func healthcheckUsage() command {
	return command{
		name: "healthcheck", summary: "check whether a running serve is ready",
		example:     "--timeout 5s",
		negative:    "serve is not running, or is not ready",
		environment: true,
		flags:       new(healthcheckCommand).declare, run: healthcheck,
	}
}

// healthcheckCommand contains the flags of healthcheck. Those of serve have the same
// defaults and environment variables, so that both commands agree in one container.
type healthcheckCommand struct {
	adminListen, listen string
	cert, key           string
	format              string
	timeout             time.Duration
}

func (c *healthcheckCommand) declare(flags *flag.FlagSet) {
	flags.StringVar(&c.adminListen, "admin-listen", defaultAdminListen, "`ADDRESS` of /readyz; if empty, gRPC health at --listen is checked")
	flags.StringVar(&c.listen, "listen", defaultListen, "`ADDRESS` for Envoy: HOST:PORT or unix:///PATH")
	flags.StringVar(&c.cert, "tls-cert", "", "PEM `FILE` with the certificate of serve; if it is set, gRPC health is checked over TLS, with this client certificate")
	flags.StringVar(&c.key, "tls-key", "", "PEM `FILE` with the certificate's key")
	declareFormat(flags, &c.format, "the answer", "text", "json")
	flags.DurationVar(&c.timeout, "timeout", 2*time.Second, "how long to wait for the answer")
}

// healthcheck checks whether a running serve is ready, for images without a shell.
func healthcheck(in *invocation) error {
	c, flags := new(healthcheckCommand), newFlags()
	c.declare(flags)
	if _, err := parse(flags, in); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	check := c.checkReadyz
	if c.adminListen == "" {
		check = c.checkGRPC
	}
	waiting := in.begin("waiting for the answer")
	err := check(ctx)
	if waiting.end(); err != nil {
		return err
	}
	if c.format == "json" {
		return printJSON(in.stdout, struct {
			Status string `json:"status"`
		}{"ok"})
	}
	_, err = fmt.Fprintln(in.stdout, "ok")
	return err
}

// maxReason is how many bytes of a response an error contains.
const maxReason = 256

// checkReadyz requests /readyz.
func (c *healthcheckCommand) checkReadyz(ctx context.Context) error {
	addr, err := loopbackAddress(ctx, c.adminListen)
	if err != nil {
		return inputErrorf("--admin-listen %s: %w", c.adminListen, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return inputErrorf("--admin-listen %s: %w", c.adminListen, err)
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return fmt.Errorf("%s: %w", request.URL, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	reason, err := io.ReadAll(io.LimitReader(response.Body, maxReason))
	if err != nil {
		return fmt.Errorf("%s: %w", request.URL, err)
	}
	return fmt.Errorf("%s: %s: %s", request.URL, response.Status, strings.TrimSpace(string(reason)))
}

// checkGRPC requests gRPC health of the Authorization service.
func (c *healthcheckCommand) checkGRPC(ctx context.Context) error {
	a, err := envoy.ParseAddress(c.listen)
	if err != nil {
		return inputError{diag.Wrap(diag.Position{}, "--listen ", err)}
	}
	creds, err := c.credentials()
	if err != nil {
		return inputError{err}
	}
	target := map[string]string{"unix": "unix://", "tcp": "passthrough:///"}[a.Network] + a.Address
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(creds))
	if err != nil {
		return inputErrorf("--listen %s: %w", c.listen, err)
	}
	defer conn.Close()
	answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: envoy.ServiceName})
	if err != nil {
		return fmt.Errorf("%s: %w", c.listen, err)
	}
	if answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("%s: %v", c.listen, answer.GetStatus())
	}
	return nil
}

// credentials returns TLS with the server's certificate as client certificate, or plain
// text without one. The server is not verified, because the request contains no secret
// and the certificate may be for another address than this machine uses.
func (c *healthcheckCommand) credentials() (credentials.TransportCredentials, error) {
	if c.cert == "" {
		return insecure.NewCredentials(), nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.cert, c.key, err)
	}
	//nolint:gosec // G402: see above why the server is not verified
	return credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}}), nil
}
