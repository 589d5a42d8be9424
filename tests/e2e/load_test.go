package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/policystore"

	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// The policy files that the load's requests depend on, one for each repository.
const (
	turning   = repositories + "/shared/app/_policy.json"
	agreeing  = repositories + "/team/app/_policy.json"
	differing = repositories + "/secret/app/_policy.json"
)

// repositories is the folder of repository policies in the policy directory.
const repositories = "accounts/123456789012/eu-central-1/repositories"

// allowing returns a repository policy that allows dave to pull, under a condition if given.
func allowing(condition string) []byte {
	return []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
 "Principal": {"AWS": "arn:aws:iam::123456789012:user/dave"}, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]` + condition + "}}\n")
}

// turningPolicy returns a policy that allows or denies dave to pull.
func turningPolicy(open bool) []byte {
	if open {
		return allowing("")
	}
	return []byte(strings.Replace(string(allowing("")), "Allow", "Deny", 1))
}

// generation returns a copy of the policies with a number in three files: dave has it as a
// tag, one repository allows pulls where the tag equals the number, and another where it
// does not. So a mixture of two generations denies the first or allows the second. A third
// repository allows pulls if open is true. Bob has a password in even generations only, so
// that some mixtures cannot be loaded.
func generation(t testing.TB, number int, open bool) string {
	t.Helper()
	dir := copyPolicies(t, ownPolicies)
	at := func(file string) string { return filepath.Join(dir, filepath.FromSlash(file)) }
	turnInPlace("dave # what repository policies allow him", fmt.Sprintf("dave\n  tags: {generation: \"%d\"}", number))(t, at("principals.yaml"))
	must(t, os.MkdirAll(filepath.Dir(at(agreeing)), 0o755))
	write(t, at(agreeing), allowing(fmt.Sprintf(`, "Condition": {"StringEquals": {"aws:PrincipalTag/generation": "%d"}}`, number)))
	write(t, at(differing), allowing(fmt.Sprintf(`, "Condition": {"StringNotEquals": {"aws:PrincipalTag/generation": "%d"}}`, number)))
	write(t, at(turning), turningPolicy(open))
	if number%2 == 1 {
		turnInPlace(`- {basic: bob, principal: "arn:aws:iam::123456789012:user/bob"}`+"\n", "")(t, at("principals.yaml"))
		turnInPlace("bob:", "# ")(t, at("htpasswd"))
	}
	return dir
}

// A load sends three concurrent requests continuously while policies change, and counts the
// wrong answers.
type load struct {
	sys   *system
	turns *flow         // allowed if the generation is open
	agree *flow         // allowed by every generation
	never *flow         // denied by every generation
	limit time.Duration // within which most changes are in force on a quiet machine

	number int // of the last generation that was made
	open   bool

	answers, wrong int
	waits          []time.Duration // how long after its last write each change was in force
}

// begun puts the first generation in effect again and starts the load.
func (sys *system) begun(t *testing.T) *load {
	t.Helper()
	replaceFolder(t, sys.Policies, generation(t, 0, true))
	want := onDisk(t, sys.Policies)
	soon(t, "the first generation is in force", func() bool { return sys.snapshot(t).Digest == want })
	return sys.loaded(t)
}

// onDisk returns the digest of the policies in a directory.
func onDisk(t testing.TB, policies string) string {
	t.Helper()
	s, err := policystore.Load(policies, decision.Options{CacheSize: 1})
	must(t, err)
	return s.Digest
}

// loaded starts the load on a system of the first generation. It ends with the test, and
// then reports its counts.
func (sys *system) loaded(t *testing.T) *load {
	t.Helper()
	l := &load{sys: sys, limit: time.Second, open: true}
	l.turns, l.agree, l.never = sys.flows(t, "dave", "/v2/shared/app/manifests/v1"),
		sys.flows(t, "dave", "/v2/team/app/manifests/v1"), sys.flows(t, "dave", "/v2/secret/app/manifests/v1")
	l.check(t, time.Now(), time.Now(), true)
	t.Cleanup(func() {
		l.checkWaits(t)
		if l.wrong > 0 {
			t.Errorf("%d of %d answers were wrong", l.wrong, l.answers)
		}
	})
	return l
}

// checkWaits checks how long after its last write a change was in force, at the median: a busy
// machine may delay any single one.
func (l *load) checkWaits(t *testing.T) {
	t.Helper()
	n := len(l.waits)
	if n == 0 {
		return
	}
	slices.Sort(l.waits)
	median := l.waits[(n-1)/2]
	t.Logf("%d answers, %d wrong; %d changes were in force %s after the last write at the median, %s at most",
		l.answers, l.wrong, n, median.Round(time.Millisecond), l.waits[n-1].Round(time.Millisecond))
	if limit := bounded.Scale(l.limit); median > limit {
		t.Errorf("changes were in force %s after the last write at the median, want %s at most", median, limit)
	}
}

// next returns the next generation, which reverses the answers.
func (l *load) next(t testing.TB) string {
	t.Helper()
	l.number++
	return generation(t, l.number, !l.open)
}

// turn makes a change that reverses the answers, and waits until it is in force.
func (l *load) turn(t *testing.T, change func()) {
	t.Helper()
	began := time.Now()
	change()
	written := time.Now()
	want := onDisk(t, l.sys.Policies)
	now := l.until(t, "the change is in force", func(v snapshotView) bool { return v.Digest == want })
	l.waits = append(l.waits, now.LoadedAt.Sub(written))
	l.check(t, began, time.Now(), !l.open)
	l.open = !l.open
}

// keep makes a change that cannot be loaded: the log states where and why, the failure is
// counted, and nothing else changes.
func (l *load) keep(t *testing.T, problem string, spoil func()) {
	t.Helper()
	before, began := l.sys.snapshot(t), time.Now()
	spoil()
	after := l.until(t, "the log contains "+problem, func(v snapshotView) bool {
		return v.Failures > before.Failures && strings.Contains(v.LastError, problem) && l.sys.loggedSince(began, problem, "")
	})
	if after.Generation != before.Generation || after.Digest != before.Digest {
		t.Errorf("%+v is in force, want %+v still", after, before)
	}
	send(t, l.sys.Address(stack.Extauthz), "", http.MethodGet, "/readyz", nil).hasStatus(t, http.StatusOK)
	l.check(t, began, time.Now(), l.open)
}

// stay makes a change that leaves the content the same: no new snapshot and no failure.
func (l *load) stay(t *testing.T, change func()) {
	t.Helper()
	before, began := l.sys.snapshot(t), time.Now()
	change()
	time.Sleep(settled) // three times the debounce
	if after := l.sys.snapshot(t); after.Generation != before.Generation || !after.LoadedAt.Equal(before.LoadedAt) || after.Failures != before.Failures {
		t.Errorf("%+v is in force, want %+v still", after, before)
	}
	l.check(t, began, time.Now(), l.open)
}

// stormSize is the number of generations of a storm.
const stormSize = 16

// storm prepares generations and then switches from one to the next, each at about the time
// when the previous one is read, a tenth of a second after its last event.
func (l *load) storm(t *testing.T, set func(made string), next func()) {
	t.Helper()
	for range stormSize {
		l.number++
		set(generation(t, l.number, l.open))
	}
	began := time.Now()
	for i := range stormSize {
		next()
		time.Sleep(98*time.Millisecond + time.Duration(i)*time.Millisecond)
	}
	want := onDisk(t, l.sys.Policies)
	l.until(t, "the storm is over", func(v snapshotView) bool { return v.Digest == want })
	l.check(t, began, time.Now(), l.open)
}

// until waits until the policies in effect satisfy a condition.
func (l *load) until(t *testing.T, what string, so func(snapshotView) bool) snapshotView {
	t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if v := l.sys.snapshot(t); so(v) {
			return v
		} else if time.Since(began) > busy {
			t.Fatalf("not within %s: %s; there is %+v", busy, what, v)
		}
	}
}

// check counts every answer since its last call. Before the change began only the old answer
// is right, after it took effect only the new one. In between both are right, but never the
// old one after the new one. An error or an answer from a mixture of generations is always
// wrong.
func (l *load) check(t *testing.T, began, inForce time.Time, open bool) {
	t.Helper()
	for _, f := range []*flow{l.turns, l.agree, l.never} {
		f.answered(inForce)
	}
	old, new, turned := answerOf(l.open), answerOf(open), false
	for _, o := range l.turns.take() {
		turned = turned || o.status == new
		l.count(t, l.turns, o, o.status == new && !o.ended.Before(began) || o.status == old && !o.began.After(inForce) && (!turned || old == new))
	}
	for _, o := range l.agree.take() {
		l.count(t, l.agree, o, o.status == http.StatusOK)
	}
	for _, o := range l.never.take() {
		l.count(t, l.never, o, o.status == http.StatusForbidden)
	}
}

// answerOf returns the status of a pull that the policies allow or deny.
func answerOf(open bool) int {
	if open {
		return http.StatusOK
	}
	return http.StatusForbidden
}

// count counts one answer and reports the first wrong ones.
func (l *load) count(t *testing.T, f *flow, o observation, right bool) {
	t.Helper()
	l.answers++
	if right {
		return
	}
	if l.wrong++; l.wrong <= 3 {
		t.Errorf("wrong: %s was answered %d, %s before now", f.path, o.status, time.Since(o.began))
	}
}

// snapshotView is what the admin interface reports about the policies in effect.
type snapshotView struct {
	Digest     string
	Generation uint64
	LoadedAt   time.Time
	LastError  string
	Failures   uint64
}

func (sys *system) snapshot(t testing.TB) (view snapshotView) {
	t.Helper()
	a := send(t, sys.Address(stack.Extauthz), "", http.MethodGet, "/snapshot", nil).hasStatus(t, http.StatusOK)
	if err := json.Unmarshal([]byte(a.body), &view); err != nil || view.Digest == "" {
		t.Fatalf("no digest in %s (%v)", a.body, err)
	}
	return view
}

// loggedSince reports whether extauthz has logged a text, followed by the reason, since then.
// Only the end of its log is available.
func (sys *system) loggedSince(then time.Time, text, reason string) bool {
	for line := range strings.Lines(sys.Log(stack.Extauthz)) {
		var logged struct{ Time time.Time }
		_, why, found := strings.Cut(line, text)
		if found && strings.Contains(why, reason) && json.Unmarshal([]byte(line), &logged) == nil && logged.Time.After(then) {
			return true
		}
	}
	return false
}
