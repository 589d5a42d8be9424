package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// The overload: the number of connections of each kind that stay open, the limits on open
// files and on memory for loading, and the most memory that the process may use.
const (
	heldEach   = 300
	openFiles  = 256
	loadMemory = "16MiB"
	mostMemory = 128 << 20 // bytes, of the whole process
)

// limitedProcess is withNewcomers with few open files and little memory.
func limitedProcess(t *testing.T) setup {
	t.Helper()
	spec := withNewcomers(t)
	spec.Under = []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$@"`, openFiles), "sh"}
	spec.Flags = append(spec.Flags, "--probe-listen", "127.0.0.1:0", "--load-memory", loadMemory, "--decision-log", "none")
	return spec
}

// overload attacks every resource at the same time: connections to Envoy's port and to the
// probe port that send nothing or half a request, password guesses, and policies that need
// more memory than the limit. Allowed requests are answered throughout, first logins
// succeed, and afterwards everything works as before.
func overload(t *testing.T, sys *system) {
	const path = "/v2/team/app/manifests/v1"
	sys.getWith(t, path, basic("robot", "robot-secret")).hasStatus(t, http.StatusOK)
	robot := sys.flows(t, "robot", path)
	probe := sys.probeAddress(t)
	before, good, began := sys.usage(t), sys.snapshot(t), time.Now()

	release := sys.holdConnections(t, probe)
	guessed := sys.flood(t, 32)
	tooMuch := filepath.Join(sys.Policies, "accounts", "123456789012", "authorization-details.json")
	must(t, os.MkdirAll(filepath.Dir(tooMuch), 0o755))
	writeAsSed(t, tooMuch, largePolicies())
	peak := sys.firstLogins(t, path)
	guessed(0)
	sys.keepsSnapshot(t, good, began)
	soon(t, "the probe port answers", func() bool { return isReady(probe) })
	robot.only(t, began, time.Now(), http.StatusOK)
	if peak.descriptors >= openFiles*7/8 {
		t.Errorf("%d open files of %d", peak.descriptors, openFiles)
	}
	if memory := sys.mostMemory(t); memory > mostMemory {
		t.Errorf("the process used %d MiB, want at most %d", memory>>20, mostMemory>>20)
	} else {
		t.Logf("open files: %d before, %d at most of %d; memory: %d MiB at most", before.descriptors, peak.descriptors, openFiles, memory>>20)
	}

	release()
	must(t, os.Remove(tooMuch))
	write(t, filepath.Join(sys.Policies, "managed", "afterwards.json"), []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:ListImages", "Resource": "*"}}`))
	soon(t, "new policies are in force", func() bool {
		now := sys.snapshot(t)
		return now.Generation > good.Generation && now.LastError == ""
	})
	soon(t, "the probe port answers", func() bool { return isReady(probe) })
	var after usage
	soon(t, "connections and goroutines are gone", func() bool {
		after = sys.usage(t)
		return after.descriptors <= before.descriptors+8 && after.goroutines <= before.goroutines+16
	})
	t.Logf("%+v before, %+v afterwards", before, after)
	sys.requestWith(t, &http.Client{Transport: from(t, "127.0.3.1")}, http.MethodGet, path, basic(fmt.Sprintf("newcomer%d", newcomers), "robot-secret")).hasStatus(t, http.StatusOK)
}

// holdConnections opens connections that never finish a request. release closes them.
func (sys *system) holdConnections(t *testing.T, probe string) (release func()) {
	t.Helper()
	socket := filepath.Join(sys.Stack.(*stack.Processes).Dir(), "extauthz.sock")
	var held []net.Conn
	release = func() {
		for _, conn := range held {
			conn.Close()
		}
	}
	t.Cleanup(release)
	for _, kind := range []struct{ network, address, sends string }{
		{"unix", socket, ""},
		{"unix", socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		{"tcp", probe, ""},
		{"tcp", probe, "GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: "},
	} {
		for range heldEach {
			conn, err := net.Dial(kind.network, kind.address)
			must(t, err)
			held = append(held, conn)
			_, _ = conn.Write([]byte(kind.sends)) // fails where the server has closed the connection already
			time.Sleep(2 * time.Millisecond)
		}
	}
	return release
}

// firstLogins logs new users in during the flood, each from its own address, and returns the
// peak usage.
func (sys *system) firstLogins(t *testing.T, path string) (peak usage) {
	t.Helper()
	for i := range newcomers {
		user, address := fmt.Sprintf("newcomer%d", i), fmt.Sprintf("127.0.1.%d", i+1)
		sys.requestWith(t, &http.Client{Transport: from(t, address)}, http.MethodGet, path, basic(user, "robot-secret")).hasStatus(t, http.StatusOK)
		now := sys.usage(t)
		peak = usage{max(peak.descriptors, now.descriptors), max(peak.goroutines, now.goroutines)}
		time.Sleep(newcomerPause)
	}
	return peak
}

// keepsSnapshot checks that the good policies are still in effect, and that status, metrics and
// log state why.
func (sys *system) keepsSnapshot(t *testing.T, good snapshotView, began time.Time) {
	t.Helper()
	const why = "takes more than 16 MiB of memory; raise --load-memory"
	soon(t, "the policies are refused", func() bool { return strings.Contains(sys.snapshot(t).LastError, why) })
	if now := sys.snapshot(t); now.Generation != good.Generation || now.Digest != good.Digest || now.Failures <= good.Failures {
		t.Errorf("%+v is in force, want %+v still", now, good)
	}
	if sys.metric(t, "extauthz_policy_last_reload_success") != 0 || sys.metric(t, "extauthz_connections_closed_total") == 0 {
		t.Error("the metrics do not show the failed load or the connections that were closed")
	}
	if !sys.loggedSince(began, why, "") {
		t.Error("the log does not say why the policies were refused")
	}
}

// usage is what the process uses.
type usage struct{ descriptors, goroutines int }

func (sys *system) usage(t *testing.T) usage {
	t.Helper()
	return usage{int(sys.metric(t, "process_open_fds")), int(sys.metric(t, "go_goroutines"))}
}

// mostMemory returns the peak memory of the process, in bytes.
func (sys *system) mostMemory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", sys.Stack.(*stack.Processes).PID(stack.Extauthz)))
	if err != nil {
		prerequisite.Check(t, fmt.Errorf("this system does not show a process's memory: %w", err))
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatal("no VmHWM in the process's status")
	}
	kib, err := strconv.Atoi(string(found[1]))
	must(t, err)
	return kib << 10
}

// probeAddress returns the address of the probes from the log.
func (sys *system) probeAddress(t *testing.T) string {
	t.Helper()
	for line := range strings.Lines(sys.Log(stack.Extauthz)) {
		var entry struct{ Msg, For, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" && entry.For == "probes" {
			return entry.Address
		}
	}
	t.Fatal("the log does not say where probes are answered")
	return ""
}

// isReady reports whether the readiness probe succeeds over a new connection.
func isReady(probe string) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	response, err := client.Get("http://" + probe + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// largePolicies returns the authorization details of an account with 40 managed policies: 4 MB
// of text, which needs more than loadMemory when it is compiled.
func largePolicies() []byte {
	statements := strings.TrimSuffix(strings.Repeat(`{"Effect":"Allow","Action":"s3:*","Resource":"*"},`, 2000), ",")
	var all []string
	for i := range 40 {
		all = append(all, fmt.Sprintf(`{"PolicyName":"p%[1]d","Arn":"arn:aws:iam::123456789012:policy/p%[1]d","Path":"/","DefaultVersionId":"v1","PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":true,"Document":{"Version":"2012-10-17","Statement":[%[2]s]}}]}`, i, statements))
	}
	return []byte(`{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[],"Policies":[` + strings.Join(all, ",") + `]}`)
}
