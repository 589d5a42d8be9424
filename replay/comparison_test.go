package replay

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"extauthz/authz"
	"extauthz/decisionlog"
)

// compare returns the report on a log whose policies change.
func compare(t *testing.T, log []byte, changes map[string]string) *Report {
	t.Helper()
	c := NewComparison(New(load(t, changes)), nil)
	for _, e := range entries(t, log) {
		c.Add("log", e)
	}
	return c.Report()
}

// TestDifferences checks the groups of differences after a change of policies.
func TestDifferences(t *testing.T) {
	read := directory()["managed/read.json"]
	var all []*authz.CheckRequest
	for i := range 3 {
		all = append(all, newRequest(10*i+1, "alice", "GET /v2/free/manifests/v1", "crane/1"), newRequest(10*i+2, "alice", "PUT /v2/latest/manifests/v1", "crane/1"))
	}
	all = append(all, newRequest(101, "carol", "GET /v2/free/manifests/v1", "crane/1"), newRequest(102, "dave", "GET /v2/free/manifests/v1", "crane/1"), newRequest(103, "bob", "DELETE /v2/free/manifests/v1", "crane/1"))
	log := record(t, load(t, nil), all)
	r := compare(t, log, map[string]string{
		"managed/read.json":  strings.Replace(read, `"`+repository+`free"`, `"`+repository+`none"`, 1),
		"managed/write.json": strings.Replace(directory()["managed/write.json"], `free"`, `latest"`, 1),
		"accounts/123456789012/eu-central-1/repositories/free/_policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:BatchDeleteImage"}}`,
	})
	var got []string
	for _, g := range r.Differences {
		got = append(got, fmt.Sprintf("%s %s %s %s %s>%s %d line %d", g.Change, g.Principal[strings.LastIndexByte(g.Principal, ':')+1:], g.Action, g.Repository, g.Before, g.After, g.Requests, g.Line))
		if g.Log != "log" || g.DecisionID == "" || g.Time.IsZero() || g.AfterReason == "" && g.BeforeReason == "" {
			t.Errorf("incomplete: %+v", g)
		}
	}
	want := []string{
		"lost-access user/alice ecr:BatchGetImage free allowed>implicitDeny 3 line 1",
		"lost-access assumed-role/builder/* ecr:BatchGetImage free allowed>implicitDeny 2 line 7",
		"new-access user/alice ecr:PutImage latest implicitDeny>allowed 3 line 2",
		"other-denial user/dev/bob ecr:BatchDeleteImage free implicitDeny>explicitDeny 1 line 9",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.Replayed != 9 || r.LostAccess != 5 || r.NewAccess != 3 || r.OtherDenial != 1 || len(r.NotReplayed) != 0 || !r.From.Equal(all[0].Time) || !r.Until.Equal(all[8].Time) {
		t.Errorf("%+v", r)
	}
	for _, change := range []Change{LostAccess, NewAccess, OtherDenial} {
		if r.Requests(change) == 0 {
			t.Errorf("no request with %s", change)
		}
	}
	checkOutputs(t, r)
}

// checkOutputs checks that each format contains the report.
func checkOutputs(t *testing.T, r *Report) {
	t.Helper()
	var text, table, object bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"9 requests decided again, of a log from 2026-05-06T07:08:16Z to 2026-05-06T07:20:10Z: 5 lost access, 3 new access, 1 denied in another way\n",
		"\nlost-access\n  arn:aws:iam::123456789012:user/alice  ecr:BatchGetImage  free  allowed -> implicitDeny  3 requests\n      log:1, 2026-05-06T07:08:16Z: User: arn:aws:iam::123456789012:user/alice is not authorized",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s\ndoes not contain %q", text.String(), want)
		}
	}
	if err := r.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	if rows, err := csv.NewReader(&table).ReadAll(); err != nil || len(rows) != 1+len(r.Differences) || len(rows[1]) != 13 || rows[1][0] != "lost-access" {
		t.Errorf("%v %q", err, rows)
	}
	if err := r.WriteJSON(&object); err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := json.Unmarshal(object.Bytes(), &again); err != nil || again.LostAccess != r.LostAccess || len(again.Differences) != len(r.Differences) || *again.Differences[0] != *r.Differences[0] {
		t.Errorf("%v %s", err, object.String())
	}
}

// TestTextOfWhatIsMissing checks what the text says about lines and requests that are not compared.
func TestTextOfWhatIsMissing(t *testing.T) {
	r := &Report{
		Replayed: 1, RecordedOtherwise: 1, Ungrouped: 2, NotReplayed: []*Cause{{"no caller was authenticated", 2, "a.log", 7}},
		Lines: decisionlog.Counts{Decisions: 3, Broken: 1},
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	const want = `1 request decided again: 0 lost access, 0 new access, 0 denied in another way
1 request got another decision than the old policies give: these are not the policies that wrote the log

2 requests with a difference more than the 100000 groups that are listed

not decided again
  2 requests: no caller was authenticated, the first at a.log:7

1 line without a decision: 1 broken, 0 truncated, 0 foreign, 0 too long
`
	if got := text.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTimeConditions checks that the time of a request counts as the current time.
func TestTimeConditions(t *testing.T) {
	late := newRequest(1, "alice", "GET /v2/before/manifests/v1", "crane/1")
	late.Time = late.Time.AddDate(0, 0, 1)
	log := record(t, load(t, nil), []*authz.CheckRequest{newRequest(1, "alice", "GET /v2/before/manifests/v1", "crane/1"), late})
	r := compare(t, log, map[string]string{"managed/read.json": strings.Replace(directory()["managed/read.json"], "2026-05-06T09:00:00Z", "2026-05-08T12:00:00Z", 1)})
	if len(r.Differences) != 1 || r.NewAccess != 1 || r.Differences[0].Line != 2 {
		t.Errorf("%+v", r)
	}
}

// TestCausesAreBounded checks that causes with text of a log take bounded memory.
func TestCausesAreBounded(t *testing.T) {
	c := NewComparison(New(load(t, nil)), nil)
	pull := entries(t, record(t, load(t, nil), []*authz.CheckRequest{newRequest(1, "alice", "GET /v2/", "crane/1")}))[0]
	for i := range 2 * maxCauses {
		e := *pull
		e.Operation = fmt.Sprint("x", i)
		c.Add("log", &e)
	}
	if r := c.Report(); len(r.NotReplayed) != maxCauses+1 || r.NotReplayed[0].Requests != maxCauses || r.NotReplayed[0].Cause != string(OtherCauses) {
		t.Errorf("%d causes, the first %+v", len(r.NotReplayed), r.NotReplayed[0])
	}
}

func BenchmarkDecide(b *testing.B) {
	s := load(b, nil)
	log := entries(b, record(b, s, requests()))
	p, i := New(s), 0
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.Decide(log[i%len(log)])
		i++
	}
}
