package observability

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// A fields is an object of JSON.
type fields map[string]any

// mapping is the mapping of the decision log to the Elastic Common Schema, as the log's page has it.
type mapping struct {
	names     map[string][]string // in ECS, by field
	decisions map[string][]string // event.category, event.type and event.outcome, by decision
}

// readMapping returns the mapping. Every field in it must be in the schema of the log, and every
// decision of the schema in it.
func readMapping(t *testing.T) mapping {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(stack.Root(), "decisionlog", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## In the Elastic Common Schema\n")
	section, _, _ = strings.Cut(section, "\n## ")
	m := mapping{map[string][]string{}, map[string][]string{}}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		if cells := strings.Split(row[2], " | "); len(cells) > 1 {
			m.decisions[row[1]] = cells
		} else {
			m.names[row[1]] = quoted(row[2])
		}
	}
	text, err := os.ReadFile(filepath.Join(stack.Root(), "schemas", "decision-log.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct{ Enum []string }
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for name := range m.names {
		if _, known := schema.Properties[name]; !known {
			t.Errorf("the mapping has the field %s, which is not in the schema", name)
		}
	}
	decisions := schema.Properties["decision"].Enum
	for _, decision := range decisions {
		if m.decisions[decision] == nil {
			t.Errorf("the mapping does not have the decision %s", decision)
		}
	}
	if len(m.names) < 9 || len(decisions) != len(m.decisions) {
		t.Errorf("%d fields and %d decisions in the mapping", len(m.names), len(m.decisions))
	}
	return m
}

// quoted returns the texts in back quotes.
func quoted(cell string) (all []string) {
	for _, text := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		all = append(all, text[1])
	}
	return all
}

// event returns the event of ECS for a line of the decision log.
func (m mapping) event(line fields) fields {
	event := fields{}
	set(event, "ecs.version", "8.17.0")
	for name, value := range map[string]string{"kind": "event", "module": "extauthz", "dataset": "extauthz.decisions"} {
		set(event, "event."+name, value)
	}
	for name, targets := range m.names {
		for _, target := range targets {
			if value, has := line[name]; has {
				set(event, target, value)
			}
		}
	}
	cells := m.decisions[line["decision"].(string)]
	for i, name := range []string{"event.category", "event.type"} {
		var list []any
		for _, value := range quoted(cells[i]) {
			list = append(list, value)
		}
		set(event, name, list)
	}
	set(event, "event.outcome", quoted(cells[2])[0])
	event["extauthz"] = map[string]any(line)
	return event
}

// set sets a field with a name such as event.id.
func set(event map[string]any, name string, value any) {
	first, rest, nested := strings.Cut(name, ".")
	if !nested {
		event[first] = value
		return
	}
	inner, _ := event[first].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
		event[first] = inner
	}
	set(inner, rest, value)
}

// rsyslog starts rsyslog with the example, which reads a log and sends to address, until the test
// ends.
func rsyslog(t *testing.T, log, address string) {
	t.Helper()
	path, err := exec.LookPath("rsyslogd")
	prerequisite.Check(t, err)
	text, err := os.ReadFile(example("rsyslog.conf"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, port, _ := net.SplitHostPort(address)
	config, file := string(text), filepath.Join(dir, "rsyslog.conf")
	for _, change := range [][2]string{{"/var/spool/rsyslog", dir}, {"/var/log/extauthz/decisions.log", log}, {`target="collector.example.com" port="5170"`, `target="127.0.0.1" port="` + port + `"`}} {
		if strings.Count(config, change[0]) != 1 {
			t.Fatalf("rsyslog.conf does not have %s once", change[0])
		}
		config = strings.Replace(config, change[0], change[1], 1)
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(path, "-n", "-f", file, "-i", filepath.Join(dir, "pid")))
}

// listenForLines accepts one connection, and returns its address and the lines that it receives.
func listenForLines(t *testing.T) (address string, lines <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	received := make(chan string, 10_000)
	go func() {
		connection, err := l.Accept()
		if err != nil {
			return // the test has ended
		}
		defer connection.Close()
		for scanner := bufio.NewScanner(io.LimitReader(connection, 64<<20)); scanner.Scan(); {
			received <- scanner.Text()
		}
	}()
	return l.Addr().String(), received
}

// TestRsyslog has rsyslog read the decision log of a running extauthz, whose file is renamed in
// between. It must send one event for each line, which is what the mapping says.
func TestRsyslog(t *testing.T) {
	m := readMapping(t)
	log := filepath.Join(t.TempDir(), "decisions.log")
	sys := start(t, strings.NewReplacer(), "--decision-log-file", log)
	address, received := listenForLines(t)
	rsyslog(t, log, address)
	sys.everyDecision(t)
	next := func() fields {
		var event fields
		eventually(t, "rsyslog sends an event", func() bool { return len(received) > 0 })
		if err := json.Unmarshal([]byte(<-received), &event); err != nil {
			t.Fatal(err)
		}
		return event
	}
	first := next()
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	if got := sys.killed(t); got != 503 { // it is started again, and opens a new file
		t.Errorf("status %d without extauthz, want 503", got)
	}
	sys.request(t, "GET", "/v2/team/../app/manifests/v1", basic("bob", "bob-secret"))
	sys.everyDecision(t)
	if err := sys.Kill(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	lines := slices.Concat(readLines(t, log+".1"), readLines(t, log))
	for i, line := range lines {
		event := first
		if i > 0 {
			event = next()
		}
		if want := m.event(line); !reflect.DeepEqual(map[string]any(event), map[string]any(want)) {
			t.Fatalf("event %d is\n%v\nwant\n%v", i, event, want)
		}
		seen[line["decision"].(string)] = true
	}
	if len(received) > 0 || len(seen) < 5 {
		t.Errorf("%d more events; decisions %v", len(received), seen)
	}
}

// readLines returns the whole lines of a log.
func readLines(t *testing.T, name string) (all []fields) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var object fields
		if err := json.Unmarshal([]byte(line), &object); errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasSuffix(line, "\n") {
			continue // the process was killed
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
	return all
}
