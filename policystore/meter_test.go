package policystore

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// manyPolicies returns a good directory with n managed policies of about 5 KB each.
func manyPolicies(policies int) map[string]string {
	contents := small()
	for i := range policies {
		var actions strings.Builder
		for n := range 150 {
			fmt.Fprintf(&actions, `,"s3:Action%dOfPolicy%d"`, n, i)
		}
		contents[fmt.Sprintf("managed/p%d.json", i)] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:BatchGetImage"` + actions.String() + `],"Resource":"*"}]}`
	}
	return contents
}

// TestLoadMemoryIsBounded checks that a directory whose policies take more memory than a load may use is an
// error, and that the last good policies stay in force.
func TestLoadMemoryIsBounded(t *testing.T) {
	s, dir := newStore(t, small())
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	good := s.Snapshot()
	s.kept.loadMemory = 4 << 20
	for name, text := range manyPolicies(3000) {
		write(t, dir, name, text)
	}
	err := s.Reload()
	if err == nil || !strings.Contains(err.Error(), "loading the policy directory takes more than 4 MiB of memory; raise --load-memory") {
		t.Errorf("error %v", err)
	}
	if s.Snapshot() != good || s.Status().LastError == nil || s.Status().FailureClass != OutOfMemory {
		t.Errorf("the last good policies are not in force, or the class is %q", s.Status().FailureClass)
	}
	s.kept.loadMemory = 1 << 30
	write(t, dir, "managed/p0.json", pullOnly) // content that failed is not tried again
	if err := s.Reload(); err != nil {
		t.Errorf("with enough memory: %v", err)
	}
}

// TestLoadMemoryIsBoundedOnProcessors checks that several processors together may use the memory of a load.
func TestLoadMemoryIsBoundedOnProcessors(t *testing.T) {
	contents := small()
	for name, text := range manyPolicies(300) {
		if name, found := strings.CutPrefix(name, "managed/p"); found {
			place := location{"123456789012", "eu-central-1", "p" + strings.TrimSuffix(name, ".json")}.path(policyFile)
			contents[place] = strings.Replace(text, `"Effect":"Allow"`, `"Effect":"Allow","Principal":"*"`, 1)
		}
	}
	s, _ := newStore(t, contents)
	s.kept.processors = 4
	for _, c := range []struct {
		memory uint64
		want   FailureClass
	}{{1 << 20, OutOfMemory}, {1 << 30, ""}} {
		s.kept.loadMemory = c.memory
		s.Trigger() // content that used too much memory is loaded again
		if err := s.Reload(); (err != nil) != (c.want == OutOfMemory) || err != nil && s.Status().FailureClass != c.want {
			t.Errorf("with %d bytes: class %q, error %v", c.memory, s.Status().FailureClass, err)
		}
	}
}

// TestFilesBeyondTheLoadMemory checks that a directory whose files take more memory is not read.
func TestFilesBeyondTheLoadMemory(t *testing.T) {
	_, dir := newStore(t, manyPolicies(100))
	s := New(Options{Dir: dir, Decision: options(), LoadMemory: 64 << 10})
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "the policy directory contains more than 65536 bytes, all the memory that loading it may use") {
		t.Errorf("error %v", err)
	}
}

// TestGarbageIsNotRefused checks that garbage does not make a load fail whose policies are far below the limit.
func TestGarbageIsNotRefused(t *testing.T) {
	s, dir := newStore(t, manyPolicies(200))
	s.kept.loadMemory = 64 << 20
	for i := range 30 {
		write(t, dir, "managed/p0.json", strings.Replace(pullOnly, "2012-10-17", "2012-10-17\",\"Id\":\""+fmt.Sprint(i), 1))
		s.kept.last = noSnapshot() // everything is compiled again
		if err := s.Reload(); err != nil {
			t.Fatalf("load %d: %v", i, err)
		}
	}
}

// TestTooLargeContentIsTriedAgain checks that content that used too much memory is loaded again only upon Trigger.
func TestTooLargeContentIsTriedAgain(t *testing.T) {
	s, _ := newStore(t, manyPolicies(300))
	s.kept.loadMemory = 1 << 20
	for range 2 {
		if err := s.Reload(); err == nil || s.Status().Failures != 1 {
			t.Fatalf("error %v, %d failures; want an error that counts once", err, s.Status().Failures)
		}
	}
	s.kept.loadMemory = 1 << 30
	if err := s.Reload(); err == nil {
		t.Error("the same content was tried again by itself")
	}
	s.Trigger()
	if err := s.Reload(); err != nil {
		t.Errorf("after Trigger: %v", err)
	}
}

// TestEarlierMemoryIsNotCounted checks that memory in use before a load does not count, at any time after a garbage
// collection.
func TestEarlierMemoryIsNotCounted(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	earlier := make([]byte, 8<<20) // the policies in force
	meter := newLoadMeter(4<<20, 0)
	if err := meter.check(); err != nil {
		t.Errorf("nothing was loaded: %v", err)
	}
	loaded := make([]byte, 5<<20)
	if err := meter.check(); err == nil {
		t.Error("loading more than the limit did not cause an error")
	}
	runtime.KeepAlive(earlier)
	runtime.KeepAlive(loaded)
}

// TestTextsAreCounted checks that texts count, also those that were read before policies are compiled.
func TestTextsAreCounted(t *testing.T) {
	contents := map[string]string{"registries.yaml": small()["registries.yaml"], "principals.yaml": "credentials: []\n"}
	inventory := `{"repositories": []}`
	contents["accounts/123456789012/eu-central-1/repositories.json"] = inventory + strings.Repeat(" ", 6<<20)
	s, _ := newStore(t, contents)
	s.options.LoadMemory, s.kept.loadMemory = 0, 4<<20
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "takes more than 4 MiB") {
		t.Errorf("error %v", err)
	}
}

// TestLargeDocumentInAnExport checks that a document in an output is not larger than one in a file, so that memory
// is measured often enough.
func TestLargeDocumentInAnExport(t *testing.T) {
	contents := largeExport(2, 1)
	contents[authorizationPlace] = strings.Replace(contents[authorizationPlace], `"Document": {`, `"Document": {`+strings.Repeat(" ", 1<<20), 1)
	if _, err := load(t, contents); err == nil || !strings.Contains(err.Error(), "Document is larger than 1 MiB") {
		t.Errorf("error %v", err)
	}
}
