package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/result"
	"extauthz/tests/bench/workload"
)

// The workloads of a profile.
const (
	profileHits   = "profile, hits"
	profileMisses = "profile, misses"
)

// profileTime is how long a profile takes.
const profileTime = 5 * time.Second

// A center is a part of the work that a check causes. It has the samples whose stack contains
// one of its functions, unless an earlier center has them.
type center struct {
	name      string
	functions []string // beginnings of names
}

// centers are the cost centers. The collector comes first, because every part causes its work,
// and the system and gRPC last, because they call everything else.
var centers = []center{
	{"garbage collection", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.gcStart", "runtime.gcMarkDone", "runtime.gcMarkTermination", "runtime.(*gcWork)"}},
	{"decision", []string{"extauthz/decision.", "extauthz/iam."}},
	{"identity", []string{"extauthz/identity"}},
	{"mapping", []string{"extauthz/mapping."}},
	{"decision log", []string{"extauthz/decisionlog."}},
	{"metrics", []string{"extauthz/metrics."}},
	{"context of the request, answer", []string{"extauthz/authz."}},
	{"reading the check", []string{"extauthz/envoy.checkCodec.Unmarshal", "extauthz/envoy.(*checkReader)", "extauthz/envoy.(*parts)", "extauthz/envoy.(*fieldReader)"}},
	{"writing the answer", []string{
		"extauthz/envoy.toResponse", "extauthz/envoy.metadata", "extauthz/envoy.Metadata", "extauthz/envoy.response", "extauthz/envoy.append",
		"extauthz/envoy.checkCodec.Marshal", "google.golang.org/grpc/encoding/proto",
	}},
	{"deadline's timer", []string{"context.WithDeadline", "context.WithTimeout", "context.(*timerCtx)", "extauthz/envoy.withinDeadline", "extauthz/envoy.(*deadline)", "extauthz/envoy.newDeadline"}},
	{"the service", []string{"extauthz/"}},
	{"system calls of the connection", []string{"syscall.", "internal/poll.", "internal/runtime/syscall."}},
	{"gRPC and HTTP/2", []string{"google.golang.org/grpc", "golang.org/x/net"}},
}

// rest is the center of all other samples: the scheduler, above all.
const rest = "scheduler and other work of the runtime"

// measureProfiles takes CPU profiles of the sidecar during hits and misses.
func (b *bench) measureProfiles() error {
	policies, err := b.policies(workload.Spread, usualStatements)
	if err != nil {
		return err
	}
	for _, name := range []string{profileHits, profileMisses} {
		if !b.wanted(name) {
			continue
		}
		checks, err := b.traffic(policies, workload.Certificate).Generate()
		if err != nil {
			return err
		}
		for _, p := range b.programs {
			if !p.decides {
				continue
			}
			b.progress("%s, %s", name, p.name)
			load := &drive.Load{Checks: checks, Fresh: name == profileMisses}
			if err := b.profile(name, p, b.folder(policies), load); err != nil {
				return fmt.Errorf("%s, %s: %w", name, p.name, err)
			}
		}
	}
	return nil
}

// profile takes one profile during a closed loop.
func (b *bench) profile(name string, p *program, folder string, load *drive.Load) error {
	s, err := b.start(p, folder, withoutLog)
	if err != nil {
		return err
	}
	took := make(chan error, 1)
	var profile string
	_, _, err = b.use(s, func(ctx context.Context, client *drive.Client) *drive.Tally {
		go func() {
			var err error
			profile, err = get(ctx, http.DefaultClient, fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", s.admin, int(profileTime.Seconds())))
			took <- err
		}()
		return client.Closed(ctx, load, streams, profileTime+time.Second)
	}, load)
	if err != nil {
		return err
	}
	if err := <-took; err != nil {
		return err
	}
	file := filepath.Join(b.dir, "profile")
	if err := os.WriteFile(file, []byte(profile), 0o644); err != nil {
		return err
	}
	shares, err := sharesOf(b.ctx, file)
	for _, share := range shares {
		b.run.Add(name+": "+share.name, p.name, result.Share, share.percent)
	}
	return err
}

// A share is the part of a profile's time that a center has.
type share struct {
	name    string
	percent float64
}

// sharesOf returns the shares of a profile, the largest first.
func sharesOf(ctx context.Context, file string) ([]share, error) {
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", file).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	times := map[string]time.Duration{}
	var total time.Duration
	for block := range strings.SplitSeq(string(out), "-----------+") {
		took, stack := readTrace(block)
		times[centerOf(stack)] += took
		total += took
	}
	if total == 0 {
		return nil, fmt.Errorf("%s has no samples", file)
	}
	var shares []share
	for _, c := range append(slices.Clone(centers), center{name: rest}) {
		shares = append(shares, share{c.name, 100 * float64(times[c.name]) / float64(total)})
	}
	slices.SortStableFunc(shares, func(a, b share) int { return int(1000 * (b.percent - a.percent)) })
	return shares, nil
}

// readTrace reads the time and the functions of a sample. The first line has the time before
// the innermost function.
func readTrace(block string) (took time.Duration, stack []string) {
	lines := bufio.NewScanner(bytes.NewReader([]byte(block)))
	for lines.Scan() {
		fields := strings.Fields(strings.TrimLeft(lines.Text(), "-+"))
		if len(fields) == 0 {
			continue
		}
		if len(stack) == 0 {
			d, err := time.ParseDuration(fields[0])
			if err != nil || len(fields) < 2 {
				continue // the header
			}
			took, fields = d, fields[1:]
		}
		stack = append(stack, fields[0])
	}
	return took, stack
}

// centerOf returns the center of a stack.
func centerOf(stack []string) string {
	for _, c := range centers {
		for _, function := range stack {
			if slices.ContainsFunc(c.functions, func(prefix string) bool { return strings.HasPrefix(function, prefix) }) {
				return c.name
			}
		}
	}
	return rest
}
