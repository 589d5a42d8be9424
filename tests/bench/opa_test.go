package main

import (
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"extauthz/tests/bench/drive"
	"extauthz/tests/bench/workload"
	"extauthz/tests/certs"
	"extauthz/tests/clientbin"
	"extauthz/tests/prerequisite"
)

// TestOPADecides checks that OPA-Envoy gives the checks of the benchmark the expected answers, and
// that it gives other requests about the same policies the answers of the sidecar.
func TestOPADecides(t *testing.T) {
	if !clientbin.OPA.Built() {
		t.Skip(prerequisite.LeftToBench + "OPA-Envoy takes minutes to build; make bench builds it and compares its answers, and so does this test from then on")
	}
	var progress strings.Builder
	b, err := newBench(t.Context(), &options{instant: true, opa: true, seed: 1, only: regexp.MustCompile("")}, &progress)
	if err != nil || b.opa == nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	policies, err := b.policies(workload.Spread, usualStatements)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := b.traffic(policies, workload.Certificate).Generate()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.answers(t, b.opa, &drive.Load{Checks: checks}); err != nil {
		t.Errorf("the checks of the benchmark: %v", err)
	}
	further := others(t, b.callers.Authority, policies, checks)
	compare(t, further, b.record(t, b.programs[2], further), b.record(t, b.opa, further))
}

// record returns which checks a server allows.
func (b *bench) record(t *testing.T, p *program, checks []workload.Check) map[*workload.Check]bool {
	t.Helper()
	allowed := map[*workload.Check]bool{}
	judge := func(c *workload.Check, allows bool, _ time.Time) bool {
		allowed[c] = allows
		return true
	}
	if err := b.answers(t, p, &drive.Load{Checks: checks, Judge: judge}); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	return allowed
}

// answers starts a server and sends it each check of a load, one after the other.
func (b *bench) answers(t *testing.T, p *program, load *drive.Load) error {
	t.Helper()
	s, err := b.start(p, b.folder(workload.NewPolicies(workload.Spread, usualStatements)), withoutLog)
	if err != nil {
		t.Fatal(err)
	}
	client, err := drive.Dial(s.target, 1, &b.sequence)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	return client.Once(t.Context(), load, 1).Err()
}

// compare reports answers of OPA-Envoy that are not those of the sidecar.
func compare(t *testing.T, checks []workload.Check, want, got map[*workload.Check]bool) {
	t.Helper()
	allowed, wrong := 0, 0
	for i := range checks {
		c := &checks[i]
		if want[c] {
			allowed++
		}
		if want[c] != got[c] {
			if wrong++; wrong <= 5 {
				t.Errorf("OPA-Envoy allows %v, the sidecar %v: %s", got[c], want[c], decoded(t, c.Message))
			}
		}
	}
	if share := allowed * 100 / len(checks); share < 20 || share > 80 {
		t.Errorf("%d %% of the other requests are allowed, want 20 to 80 %%", share)
	}
	if wrong > 0 {
		t.Errorf("%d of %d answers differ", wrong, len(checks))
	}
}

// variations is how many requests others returns for each check.
const variations = 10

// others returns checks with other repositories, and some with other callers and addresses. They
// have no expected answer.
func others(t *testing.T, authority *certs.Authority, policies *workload.Policies, checks []workload.Check) (all []workload.Check) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 3))
	for i := range variations * len(checks) {
		message := decoded(t, checks[i%len(checks)].Message)
		source := message.GetAttributes().GetSource()
		team := strings.Split(source.GetPrincipal(), "/")[4]
		moveTo(message, otherRepository(r, policies, team))
		if r.IntN(4) == 0 {
			source.Principal = "spiffe://cluster.local/ns/" + team + "/sa/release-1"
			source.Certificate = certificateOf(t, authority, source.GetPrincipal())
		}
		if r.IntN(8) == 0 {
			source.GetAddress().GetSocketAddress().Address = "192.0.2.1"
		}
		text, err := proto.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, workload.Check{Message: text})
	}
	return all
}

// otherRepository returns a repository that a statement of the team's or of a repository's policy
// is about, or any other.
func otherRepository(r *rand.Rand, policies *workload.Policies, team string) string {
	var number int
	fmt.Sscanf(team, "team-%d", &number)
	return [...]string{
		team + "/new",
		team + "/release-1",
		"base/app",
		"shared/app",
		policies.Repository((number + policies.Teams - 1) % policies.Teams), // lets this team pull
		policies.Repository(r.IntN(policies.Repositories)),
	}[r.IntN(6)]
}

// named matches the repository's name in a path.
var named = regexp.MustCompile("^/v2/[^/]+/[^/]+/")

// moveTo changes the repository of a check.
func moveTo(message *authv3.CheckRequest, repository string) {
	http := message.GetAttributes().GetRequest().GetHttp()
	http.Path = named.ReplaceAllString(http.GetPath(), "/v2/"+repository+"/")
	for _, h := range http.GetHeaderMap().GetHeaders() {
		if h.GetKey() == ":path" {
			h.RawValue = []byte(http.GetPath())
		}
	}
}

// certificateOf returns a certificate with a SPIFFE ID, as Envoy encodes it.
func certificateOf(t *testing.T, authority *certs.Authority, id string) string {
	t.Helper()
	uri, err := url.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	template := certs.Named("")
	template.URIs = []*url.URL{uri}
	issued, err := authority.Issue(template)
	if err != nil {
		t.Fatal(err)
	}
	return url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issued.Certificate[0]})))
}

// decoded decodes a check.
func decoded(t *testing.T, text []byte) *authv3.CheckRequest {
	t.Helper()
	message := new(authv3.CheckRequest)
	if err := proto.Unmarshal(text, message); err != nil {
		t.Fatal(err)
	}
	return message
}
