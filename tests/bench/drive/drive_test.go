package drive

import (
	"context"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/bench/workload"
)

// TestAllows checks the reading of answers against their generated type.
func TestAllows(t *testing.T) {
	denied := &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{Body: "no"}}
	fault := &authv3.CheckResponse_ErrorResponse{ErrorResponse: &authv3.DeniedHttpResponse{}}
	allowed := &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{HeadersToRemove: []string{"authorization"}}}
	for _, c := range []struct {
		name     string
		response *authv3.CheckResponse
		want     bool
	}{
		{"an empty answer has the status OK", &authv3.CheckResponse{}, true},
		{"the status OK with headers to remove", &authv3.CheckResponse{Status: &rpcstatus.Status{}, HttpResponse: allowed}, true},
		{"another status", &authv3.CheckResponse{Status: &rpcstatus.Status{Code: 7, Message: "no"}}, false},
		{"another status with headers to remove", &authv3.CheckResponse{Status: &rpcstatus.Status{Code: 16}, HttpResponse: allowed}, false},
		{"a denial with the status OK", &authv3.CheckResponse{HttpResponse: denied}, false},
		{"an error", &authv3.CheckResponse{Status: &rpcstatus.Status{Code: 14}, HttpResponse: fault}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			message, err := proto.Marshal(c.response)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := allows(message); err != nil || got != c.want {
				t.Errorf("allows: %v (%v), want %v", got, err, c.want)
			}
			for i := 1; i < len(message); i++ {
				if _, err := allows(message[:len(message)-i]); err != nil {
					return // truncated inside a field
				}
			}
		})
	}
	if _, err := allows([]byte{0xff}); err == nil {
		t.Error("an answer that is not a message is accepted")
	}
}

// fake is a server whose every third answer denies, and every fifth is an error.
type fake struct {
	authv3.UnimplementedAuthorizationServer
	calls atomic.Int64
}

func (f *fake) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	switch n := f.calls.Add(1); {
	case n%5 == 0:
		return nil, status.Error(codes.Internal, "fifth")
	case n%3 == 0:
		return &authv3.CheckResponse{Status: &rpcstatus.Status{Code: int32(codes.PermissionDenied)}}, nil
	}
	return &authv3.CheckResponse{}, nil
}

// connect starts a server and returns a client of it.
func connect(t *testing.T, service authv3.AuthorizationServer) *Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, service)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	client, err := Dial("unix://"+socket, 2, new(workload.Sequence))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// checks returns n checks that are allowed.
func checks(n int) (all []workload.Check) {
	for range n {
		all = append(all, workload.Check{Allowed: true, Pull: true})
	}
	return all
}

// TestEveryAnswerIsJudged checks that each answer is counted as right, wrong or lost.
func TestEveryAnswerIsJudged(t *testing.T) {
	const n = 150
	tally := connect(t, new(fake)).Once(t.Context(), &Load{Checks: checks(n)}, 4)
	if tally.Checks != n*4/5 || tally.Lost != n/5 || tally.Wrong != n/3-n/15 || tally.AllowedPulls != n*4/5-tally.Wrong {
		t.Errorf("%d answers, %d lost, %d wrong, %d allowed pulls", tally.Checks, tally.Lost, tally.Wrong, tally.AllowedPulls)
	}
	if err := tally.Err(); err == nil || status.Code(tally.FirstError) != codes.Internal {
		t.Errorf("error %v, first %v", err, tally.FirstError)
	}
	if new(Tally).Err() == nil {
		t.Error("a load without answers is no error")
	}
}

// TestLoops checks that both loops end after their time without a lost check.
func TestLoops(t *testing.T) {
	client := connect(t, allowing{})
	load := &Load{Checks: checks(10)}
	for name, tally := range map[string]*Tally{
		"closed": client.Closed(t.Context(), load, 2, 50*time.Millisecond),
		"open":   client.Open(t.Context(), load, 1000, 100*time.Millisecond, 1),
	} {
		if err := tally.Err(); err != nil || tally.Latency.Count() != tally.Checks {
			t.Errorf("%s: %v; %d latencies of %d checks", name, err, tally.Latency.Count(), tally.Checks)
		}
	}
}

// allowing allows every check.
type allowing struct {
	authv3.UnimplementedAuthorizationServer
}

func (allowing) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return &authv3.CheckResponse{}, nil
}
