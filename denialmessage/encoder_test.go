package denialmessage

import (
	"encoding/json/v2"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"filippo.io/age"

	"extauthz/goldentest"
)

// newKey returns a key pair.
func newKey(t testing.TB) *age.X25519Identity {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newEncoder returns an encoder for new keys, and the keys.
func newEncoder(t testing.TB, recipients int) (*Encoder, Keys) {
	t.Helper()
	var to Recipients
	var keys Keys
	for range recipients {
		key := newKey(t)
		to, keys = append(to, key.Recipient()), append(keys, key)
	}
	return NewEncoder(to), keys
}

// sample is the message about a usual denial by a policy.
func sample() *Message {
	values := func(values ...string) (list Items[Value]) {
		for _, v := range values {
			list.Items = append(list.Items, Value{v})
		}
		return list
	}
	return &Message{
		ExplicitDeny: true,
		MatchedStatements: Items[Statement]{[]Statement{
			{"Pull", "ALLOW", "identity-based policy", "managed/team-pull.json", 10},
			{"Only alice, whatever other policies allow", "DENY", "resource-based policy", "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json", 4},
		}},
		Failures: Items[Failure]{[]Failure{}},
		Context: Context{
			Principal: Principal{"AIDACKCEVSQ6C2EXAMPLE", "bob", "arn:aws:iam::123456789012:user/bob"},
			Action:    "ecr:BatchGetImage", Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app",
			Conditions: Items[Condition]{[]Condition{
				{"aws:SourceIp", values("192.0.2.7")}, {"aws:SecureTransport", values("true")}, {"aws:CurrentTime", values("2026-05-06T07:08:09Z")},
				{"aws:EpochTime", values("1778051289")}, {"aws:RequestedRegion", values("eu-central-1")},
				{"aws:UserAgent", values("docker/29.0.1 go/go1.26 git-commit/0123456 kernel/6.12 os/linux arch/amd64 UpstreamClient(Docker-Client/29.0.1)")},
				{"aws:PrincipalArn", values("arn:aws:iam::123456789012:user/bob")}, {"aws:PrincipalType", values("User")}, {"aws:userid", values("AIDACKCEVSQ6C2EXAMPLE")},
				{"aws:username", values("bob")}, {"aws:PrincipalAccount", values("123456789012")}, {"aws:ResourceAccount", values("123456789012")},
				{"aws:PrincipalTag/team", values("platform")}, {"aws:ResourceOrgPaths", values("o-1/r-1/ou-1/", "o-1/r-1/ou-2/")},
				{"oci:Reference", values("v1")}, {"oci:ReferenceType", values("tag")},
			}},
		},
		Reason: "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:BatchGetImage on resource: " +
			"arn:aws:ecr:eu-central-1:123456789012:repository/secret/app with an explicit deny in a resource-based policy",
		DecisionID: "019dfc1d-8fa8-7c32-9a41-0f6f8f1c2b5e", Time: time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.UTC),
		Registry: "quickstart", PolicyDigest: "sha256:1278daf770306d6bb26f1985a58b7bac81bf22588ea56360c2ee2a88b382f71c",
	}
}

// TestRoundTrip checks that each recipient reads what was written, that no other key does, and that
// the length depends only on the number of recipients.
func TestRoundTrip(t *testing.T) {
	for n, length := range map[int]int{1: 1632, 2: 1763, 3: 1894, 4: 2024} {
		e, keys := newEncoder(t, n)
		for _, m := range []*Message{sample(), {}} {
			text := e.Encode(m)
			if len(text) != length {
				t.Errorf("%d recipients: %d bytes, want %d", n, len(text), length)
			}
			for _, key := range keys {
				got, err := Decode(text, Keys{newKey(t), key})
				if err != nil {
					t.Fatal(err)
				}
				if want := m.cut(steps[0]); !reflect.DeepEqual(got, want) || len(got.Truncated) > 0 {
					t.Errorf("got %+v\nwant %+v", got, want)
				}
			}
			if _, err := Decode(text, Keys{newKey(t)}); err == nil || !strings.Contains(err.Error(), "no key in the file can read the message") {
				t.Errorf("another key: %v", err)
			}
			if second := e.Encode(m); second == text {
				t.Error("two messages are the same")
			}
		}
	}
}

// TestGolden checks that a message that an earlier version wrote can be read: its form must not
// change without a new version. testdata/message.txt was written once.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/message.txt")
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile("testdata/key.txt")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys("testdata/key.txt", key)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(string(text), keys)
	if err != nil {
		t.Fatal(err)
	}
	if want := sample(); !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v\nwant %+v", m, want)
	}
	got, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, "testdata/message.json", string(got))
	goldentest.Compare(t, "testdata/message.explained.txt", m.Explain())
}

// TestCut checks what of a large message is cut, and that it says so.
func TestCut(t *testing.T) {
	random := func(n int) (text string) { // which does not compress well
		for len(text) < n {
			text += newKey(t).String()[16:]
		}
		return text[:n]
	}
	for _, c := range []struct {
		name      string
		change    func(*Message)
		truncated string
	}{
		{"usual", func(*Message) {}, ""},
		{"a long value", func(m *Message) { m.Context.Conditions.Items[5].Values.Items[0].Value = strings.Repeat("a", 4000) }, "context.conditions"},
		{"many statements", func(m *Message) {
			for range 100 {
				m.MatchedStatements.Items = append(m.MatchedStatements.Items, m.MatchedStatements.Items[0])
			}
		}, "matchedStatements"},
		{"many condition keys", func(m *Message) {
			for range 40 {
				m.Context.Conditions.Items = append(m.Context.Conditions.Items, Condition{"aws:PrincipalTag/" + newKey(t).String()[20:40], Items[Value]{[]Value{{newKey(t).String()[20:60]}}}})
			}
		}, "context.conditions"},
		{"everything long", func(m *Message) {
			m.Context.Principal = Principal{random(2000), random(2000), random(2000)}
			m.Context.Action, m.Context.Resource, m.Reason, m.Registry = random(2000), random(2000), random(2000), random(2000)
			m.Failures.Items = []Failure{{random(3000)}, {random(3000)}}
		}, "context.principal"},
		{"long text that compresses", func(m *Message) { m.Reason = strings.Repeat("long ", 300) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, keys := newEncoder(t, 1)
			m := sample()
			c.change(m)
			got, err := Decode(e.Encode(m), keys)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(got.Truncated, " "); !strings.Contains(all, c.truncated) || (all == "") != (c.truncated == "") {
				t.Errorf("truncated %q, want %q", all, c.truncated)
			}
			if got.Context.Action[:3] != m.Context.Action[:3] || got.ExplicitDeny != m.ExplicitDeny || !got.Time.Equal(m.Time) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestEveryMessageFits checks that messages fit whose text compresses badly: random characters of
// several kinds, some of which have long escapes in JSON, in all members.
func TestEveryMessageFits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range []struct {
		name         string
		first, count int
	}{{"control characters", 0, 32}, {"ASCII", 0, 128}, {"printable", 32, 95}, {"two bytes", 0x80, 0x700}, {"three bytes", 0x2000, 0x2000}, {"four bytes", 0x10000, 0x10000}} {
		text := func() string {
			var b strings.Builder
			for range 3000 {
				b.WriteRune(rune(kind.first + random.IntN(kind.count)))
			}
			return b.String()
		}
		var e Encoder
		for range 100 {
			m := sample()
			m.Context.Principal, m.Context.Action, m.Context.Resource = Principal{text(), text(), text()}, text(), text()
			m.Reason, m.Registry, m.DecisionID, m.PolicyDigest, m.Failures.Items = text(), text(), text(), text(), []Failure{{text()}, {text()}}
			if !e.fill(make([]byte, contentSize), m) {
				t.Errorf("%s do not fit", kind.name)
				break
			}
		}
	}
}

// FuzzEncode checks that every message fits, that all have one length, and that what is not cut is
// unchanged.
func FuzzEncode(f *testing.F) {
	f.Add("", "", "", 0)
	f.Add("aws:UserAgent", "\x00\xff\u2028<>&\"\\", strings.Repeat("\x01", 3000), 200)
	f.Add(strings.Repeat("é", 2000), strings.Repeat("\xe2\x80", 500), "a", 3)
	e, keys := newEncoder(f, 2)
	f.Fuzz(func(t *testing.T, a, b, c string, n int) {
		m := sample()
		m.Context.Principal, m.Context.Action, m.Context.Resource = Principal{a, b, c}, b+a, c+b
		m.Reason, m.Registry, m.DecisionID, m.PolicyDigest = a+b+c, b, a, c
		for range min(max(n, 0), 300) {
			m.Context.Conditions.Items = append(m.Context.Conditions.Items, Condition{a, Items[Value]{[]Value{{b}, {c}}}})
			m.MatchedStatements.Items = append(m.MatchedStatements.Items, Statement{b, "DENY", "session policy", c, n})
			m.Failures.Items = append(m.Failures.Items, Failure{a})
		}
		text := e.Encode(m)
		if len(text) != 1763 {
			t.Fatalf("%d bytes", len(text))
		}
		got, err := Decode(text, keys)
		if err != nil {
			t.Fatal(err)
		}
		checkCut(t, got, m)
	})
}

// checkCut checks that a decoded message has the content of another one, except what it says is
// cut.
func checkCut(t *testing.T, got, want *Message) {
	t.Helper()
	cut := map[string]bool{}
	for _, member := range got.Truncated {
		cut[member] = true
	}
	valid := func(text string) string { return strings.ToValidUTF8(text, "\ufffd") }
	for _, c := range []struct{ member, got, want string }{
		{"context.principal", got.Context.Principal.ARN, want.Context.Principal.ARN}, {"context.principal", got.Context.Principal.ID, want.Context.Principal.ID},
		{"context.action", got.Context.Action, want.Context.Action}, {"context.resource", got.Context.Resource, want.Context.Resource},
		{"reason", got.Reason, want.Reason}, {"registry", got.Registry, want.Registry},
		{"decisionId", got.DecisionID, want.DecisionID}, {"policyDigest", got.PolicyDigest, want.PolicyDigest},
	} {
		if !cut[c.member] && c.got != valid(c.want) || !utf8.ValidString(c.got) {
			t.Errorf("%s: got %q, want %q", c.member, c.got, c.want)
		}
	}
	if !cut[conditions] && len(got.Context.Conditions.Items) != len(want.Context.Conditions.Items) ||
		!cut["matchedStatements"] && len(got.MatchedStatements.Items) != len(want.MatchedStatements.Items) {
		t.Errorf("%d conditions and %d statements; cut %q", len(got.Context.Conditions.Items), len(got.MatchedStatements.Items), got.Truncated)
	}
}

// TestConcurrent encodes different messages at the same time.
func TestConcurrent(t *testing.T) {
	e, keys := newEncoder(t, 1)
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		all.Go(func() {
			for range 20 {
				m := sample()
				m.Context.Principal.Name = name
				if got, err := Decode(e.Encode(m), keys); err != nil || got.Context.Principal.Name != name {
					t.Errorf("%v: got %+v, want %s", err, got, name)
				}
			}
		})
	}
	all.Wait()
}

// TestRate checks the limit on messages.
func TestRate(t *testing.T) {
	var r rate
	now := time.Unix(1_800_000_000, 0)
	count := func(n int) (taken int) {
		for range n {
			if r.take(now) {
				taken++
			}
		}
		return taken
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{
		{0, MessagesAtOnce}, {0, 0}, {time.Second / MessagesPerSecond, 1}, {time.Second, MessagesPerSecond}, {-time.Hour, 0}, {time.Hour, 0},
		{time.Minute, MessagesAtOnce}, {2 * time.Second, 2 * MessagesPerSecond},
	} {
		now = now.Add(c.after)
		if got := count(10 * MessagesAtOnce); got != c.want {
			t.Errorf("after %v: %d, want %d", c.after, got, c.want)
		}
	}
	if (*Encoder)(nil).Admits() {
		t.Error("no encoder admits a message")
	}
}

// TestEmptyLists checks that lists without elements have AWS's form.
func TestEmptyLists(t *testing.T) {
	text, err := json.Marshal(new(Message).cut(steps[0]))
	if err != nil || strings.Count(string(text), `{"items":[]}`) != 3 {
		t.Errorf("%s, %v", text, err)
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, n := range map[string]int{"one recipient": 1, "four recipients": 4} {
		b.Run(name, func(b *testing.B) {
			e, _ := newEncoder(b, n)
			m := sample()
			b.ReportAllocs()
			for b.Loop() {
				e.Encode(m)
			}
		})
	}
}

// BenchmarkNotAdmitted measures a denial without a message, because there were too many.
func BenchmarkNotAdmitted(b *testing.B) {
	e, _ := newEncoder(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		e.Admits()
	}
}
