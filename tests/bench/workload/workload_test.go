package workload

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"extauthz/decision"
	_ "extauthz/goldentest" // accept -update
	"extauthz/policystore"
	"extauthz/tests/stack"
)

// made are the callers of all tests.
var made = sync.OnceValues(NewCallers)

func newCallers(t *testing.T) *Callers {
	t.Helper()
	c, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRanksFollowZipf checks that the same seed gives the same ranks, and that the first is
// the most frequent.
func TestRanksFollowZipf(t *testing.T) {
	draw := func(seed uint64) (all []int) {
		next := ranks(rand.New(rand.NewPCG(seed, 0)), 1000)
		for range 10_000 {
			all = append(all, next())
		}
		return all
	}
	first := draw(1)
	if !slices.Equal(first, draw(1)) {
		t.Error("the same seed gives other ranks")
	}
	if slices.Equal(first, draw(2)) {
		t.Error("another seed gives the same ranks")
	}
	var counts [1000]int
	for _, rank := range first {
		counts[rank]++
	}
	if counts[0] < counts[1] || counts[1] < counts[10] || counts[10] < counts[100] {
		t.Errorf("ranks 0, 1, 10 and 100 occur %d, %d, %d and %d times", counts[0], counts[1], counts[10], counts[100])
	}
}

// TestOperationsHaveAThousandParts checks that the weights are what their comment states.
func TestOperationsHaveAThousandParts(t *testing.T) {
	total, push := 0, 0
	for _, o := range operations {
		total += o.weight
		if o.push {
			push += o.weight
		}
	}
	if total != 1000 || push != 100 {
		t.Errorf("%d parts, %d of them pushes; want 1000 and 100", total, push)
	}
}

// TestDirectoriesLoad checks that the directories of every shape are valid and have the
// number of statements that their name states.
func TestDirectoriesLoad(t *testing.T) {
	callers := newCallers(t)
	for _, shape := range Shapes {
		for _, statements := range []int{10, 1000} {
			dir := t.TempDir()
			if err := NewPolicies(shape, statements).Write(dir, callers); err != nil {
				t.Fatal(err)
			}
			if _, err := policystore.Load(dir, decision.Options{CacheSize: 1}); err != nil {
				t.Fatalf("%s, %d statements: %v", shape, statements, err)
			}
			if got := countStatements(t, dir); got < statements*9/10 || got > statements*11/10 {
				t.Errorf("%s: %d statements, want %d", shape, got, statements)
			}
		}
	}
}

// TestExtensionsAreThoseOfTheExample checks that checks have the context extensions that
// examples/mtls has Envoy send.
func TestExtensionsAreThoseOfTheExample(t *testing.T) {
	example, err := os.ReadFile(filepath.Join(stack.Root(), "examples", "mtls", "envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	traffic := &Traffic{Policies: NewPolicies(Spread, 1000), Callers: newCallers(t), Credential: Certificate, Seed: 1, Checks: 1}
	checks, err := traffic.Generate()
	if err != nil {
		t.Fatal(err)
	}
	extensions := read(t, checks[0].Message).GetAttributes().GetContextExtensions()
	want := fmt.Sprintf("context_extensions: { registry: %s, headers: %s }", extensions["registry"], extensions["headers"])
	if len(extensions) != 2 || !bytes.Contains(example, []byte(want)) {
		t.Errorf("the checks have the extensions %v, which are not those of the example", extensions)
	}
}

// countStatements returns the number of statements in the files of a directory.
func countStatements(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		n += bytes.Count(text, []byte(`"Effect"`))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestChecks checks that checks are determined by the seed, have 12 to 25 headers and the
// credential, and that some are denied.
func TestChecks(t *testing.T) {
	callers := newCallers(t)
	policies := NewPolicies(Spread, 11_000)
	for _, kind := range []Credential{Certificate, Password, Token} {
		traffic := &Traffic{Policies: policies, Callers: callers, Credential: kind, Seed: 1, Checks: 500}
		checks, err := traffic.Generate()
		if err != nil {
			t.Fatal(err)
		}
		again, err := traffic.Generate()
		if err != nil {
			t.Fatal(err)
		}
		denied := 0
		for i, c := range checks {
			if !bytes.Equal(c.Message, again[i].Message) {
				t.Fatalf("%s: check %d differs the second time", kind, i)
			}
			if !c.Allowed {
				denied++
			}
			hasParts(t, kind, &c)
		}
		if denied < 5 || denied > 20 {
			t.Errorf("%s: %d of %d checks are denied", kind, denied, len(checks))
		}
	}
}

// hasParts checks the parts of a check.
func hasParts(t *testing.T, kind Credential, c *Check) {
	t.Helper()
	message := new(authv3.CheckRequest)
	if err := proto.Unmarshal(c.Message, message); err != nil {
		t.Fatal(err)
	}
	source, http := message.GetAttributes().GetSource(), message.GetAttributes().GetRequest().GetHttp()
	if n := len(http.GetHeaderMap().GetHeaders()); n < 12 || n > 25 {
		t.Errorf("%d headers, want 12 to 25", n)
	}
	if (source.GetCertificate() != "") != (kind == Certificate) {
		t.Errorf("%s: certificate %q", kind, source.GetCertificate())
	}
	if len(c.ids) != 1 || len(c.addresses) < 2 {
		t.Errorf("%d ids and %d addresses", len(c.ids), len(c.addresses))
	}
}

// TestSenderChangesOnlyIdAndAddress checks what differs between two messages for one check.
func TestSenderChangesOnlyIdAndAddress(t *testing.T) {
	traffic := &Traffic{Policies: NewPolicies(Spread, 1000), Callers: newCallers(t), Credential: Certificate, Seed: 1, Checks: 1}
	checks, err := traffic.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for _, fresh := range []bool{false, true} {
		sequence := new(Sequence)
		one, other := NewSender(sequence, fresh), NewSender(sequence, fresh)
		first, second := one.Prepare(&checks[0]), other.Prepare(&checks[0])
		a, b := read(t, first), read(t, second)
		if a.GetAttributes().GetRequest().GetHttp().GetPath() != b.GetAttributes().GetRequest().GetHttp().GetPath() || len(first) != len(second) {
			t.Error("the messages differ in more than ids and addresses")
		}
		if bytes.Equal(first, second) {
			t.Error("two messages have the same id")
		}
		peers := [2]string{}
		for i, m := range []*authv3.CheckRequest{a, b} {
			peers[i] = m.GetAttributes().GetSource().GetAddress().GetSocketAddress().GetAddress()
		}
		if (peers[0] == peers[1]) == fresh {
			t.Errorf("fresh %v: the addresses are %v", fresh, peers)
		}
	}
}

// read decodes a message.
func read(t *testing.T, message []byte) *authv3.CheckRequest {
	t.Helper()
	m := new(authv3.CheckRequest)
	if err := proto.Unmarshal(message, m); err != nil {
		t.Fatal(err)
	}
	return m
}
