package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// patience is the longest time to wait for a process.
const patience = 5 * time.Minute

// process is a running serve.
type process struct {
	*exec.Cmd
	checks, admin, probes string // addresses from the process log

	stdout   *output
	log      *output
	messages chan logLine
	exited   chan struct{} // closed when the process has ended
}

// logLine is a line of the process log.
type logLine struct {
	Message string `json:"msg"`
	For     string `json:"for"`
	Address string `json:"address"`
	Error   string `json:"error"`
	Lost    *int   `json:"decisionsLost"`
}

// output stores what a process writes.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs serve on free loopback ports with more flags, and waits until it listens. If
// stdout is nil, the output is in process.stdout.
func start(t *testing.T, stdout *os.File, flags ...string) *process {
	t.Helper()
	p := prepare(t, flags...)
	if stdout != nil {
		p.Stdout = stdout
	}
	p.run(t)
	return p
}

// run starts a prepared serve and waits until it listens.
func (p *process) run(t *testing.T) {
	t.Helper()
	if p.Stdout == nil {
		p.Stdout = p.stdout
	}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	go func() { defer close(drained); p.read(stderr) }()
	go func() { <-drained; p.Wait(); close(p.exited) }()
	t.Cleanup(func() { p.Process.Kill(); <-p.exited })
	for _, address := range []*string{&p.checks, &p.admin} {
		*address = p.message(t, "listening").Address
	}
}

// prepare returns a serve command that has not started.
func prepare(t *testing.T, flags ...string) *process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"serve", "--policies", quickstart, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, flags...)
	p := &process{Cmd: exec.Command(program, args...), stdout: &output{}, log: &output{}, messages: make(chan logLine, 1000), exited: make(chan struct{})}
	p.Env = append(os.Environ(), asProgram+"=1", "GORACE=atexit_sleep_ms=0") // report a race without waiting a second
	return p
}

// read turns the process log into messages.
func (p *process) read(stderr io.Reader) {
	defer close(p.messages)
	for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
		fmt.Fprintln(p.log, scanner.Text())
		var line logLine
		if json.Unmarshal(scanner.Bytes(), &line) != nil {
			line.Message = scanner.Text()
		}
		p.messages <- line
	}
}

// message waits for the next message with a prefix, and skips others.
func (p *process) message(t *testing.T, prefix string) logLine {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, open := <-p.messages:
			if !open {
				t.Fatalf("the process ended without the message %q", prefix)
			}
			if strings.HasPrefix(line.Message, prefix) {
				return line
			}
		case <-timeout:
			t.Fatalf("no message %q", prefix)
		}
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wantExit waits for the end of the process.
func (p *process) wantExit(t *testing.T, code int) {
	t.Helper()
	select {
	case <-p.exited:
		if got := p.ProcessState.ExitCode(); got != code {
			t.Errorf("exit code %d (%v); want %d", got, p.ProcessState, code)
		}
	case <-time.After(patience):
		t.Fatal("the process does not end")
	}
}

// dial connects to the gRPC server.
func (p *process) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	target := "passthrough:///" + p.checks
	if strings.HasPrefix(p.checks, "/") {
		target = "unix://" + p.checks
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// as returns the Authorization header of a user of the quickstart.
func as(user string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+user+"-secret"))
}

// check sends a request for authorization and returns the HTTP status of the answer, 200
// if it is allowed.
func check(t *testing.T, conn *grpc.ClientConn, method, path, authorization string) int {
	t.Helper()
	headers := map[string]string{":method": method, ":path": path}
	if authorization != "" {
		headers["authorization"] = authorization
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := authv3.NewAuthorizationClient(conn).Check(ctx, &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source: &authv3.AttributeContext_Peer{Address: &corev3.Address{Address: &corev3.Address_SocketAddress{
			SocketAddress: &corev3.SocketAddress{Address: "192.0.2.7", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 4711}}}}},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Method: method, Path: path, Host: "localhost:10000", Headers: headers}},
		ContextExtensions: map[string]string{"registry": "quickstart"},
	}})
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if answer.GetStatus().GetCode() == 0 {
		return http.StatusOK
	}
	return int(answer.GetDeniedResponse().GetStatus().GetCode())
}

func wantCheck(t *testing.T, conn *grpc.ClientConn, method, path, authorization string, want int) {
	t.Helper()
	if got := check(t, conn, method, path, authorization); got != want {
		t.Errorf("%s %s: answered %d; want %d", method, path, got, want)
	}
}

// health returns the gRPC health of the Authorization service.
func health(t *testing.T, conn *grpc.ClientConn) healthv1.HealthCheckResponse_ServingStatus {
	t.Helper()
	answer, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{Service: "envoy.service.auth.v3.Authorization"})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetStatus()
}

// get sends a request to an HTTP listener.
func get(t *testing.T, address, path string) (status int, body string) {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func wantStatus(t *testing.T, address, path string, want int) {
	t.Helper()
	if got, body := get(t, address, path); got != want {
		t.Errorf("GET %s: status %d (%.80q); want %d", path, got, body, want)
	}
}

// eventually waits until a condition is true.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// copied returns a copy of the quickstart's policy directory.
func copied(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	return dir
}
