package identity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/basic"
	"extauthz/identity/sts"
)

// cacheable are credentials of every source, and roles whose trust policies depend on the
// request or do not.
func cacheable(t testing.TB) principals {
	t.Helper()
	w := tokens(t)
	for name, condition := range map[string]string{
		"near":      `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`,
		"early":     `{"DateLessThan":{"aws:CurrentTime":"2026-03-01T12:00:30Z"}}`,
		"job":       `{"StringLike":{"gitlab.example.com:sub":"job*"}}`,
		"notabsent": `{"StringNotEquals":{"gitlab.example.com:environment":"prod"}}`,
	} {
		trust := iamtest.Trust(t, `{"Federated":"`+gitlabProvider+`"}`, `"sts:AssumeRoleWithWebIdentity"`, condition)
		w.entities = append(w.entities, sts.Entity{ARN: role + name, Trust: trust})
	}
	for name, condition := range map[string]string{"chained": "", "chainednear": `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`} {
		w.entities = append(w.entities, sts.Entity{ARN: role + name, Trust: iamtest.Trust(t, `{"AWS":"`+aliceARN+`"}`, `"sts:AssumeRole"`, condition)})
	}
	w.entities = append(w.entities, sts.Entity{ARN: "arn:aws:iam::123456789012:user/dev/bob"})
	w.bindings = append(w.bindings,
		Binding{Kind: BasicUser, Name: "bob", Principal: assumedRole + "ci/bob"},
		Binding{Kind: URI, Name: "spiffe://example.com/ci", Principal: ciARN},
		Binding{Kind: URI, Name: "spiffe://cluster.local/ns/{namespace}/sa/{name}", Principal: assumedRole + "ci/{name}", Tags: map[string]string{"namespace": "{namespace}"}},
		Binding{Kind: DNS, Name: "ci.example.com", Principal: ciARN},
		Binding{Kind: Subject, Name: "CN=ci", Principal: aliceARN},
		Binding{Kind: HeaderValue, Name: "{name}@example.com", Principal: "arn:aws:iam::123456789012:user/dev/{name}"})
	return w
}

// A request is a registry and what is sent to it.
type request struct {
	registry    *Config
	credentials Credentials
}

// A requestMaker makes random requests of a few registries, credentials, addresses and
// times, so that a request often repeats a part of an earlier one.
type requestMaker struct {
	registries []*Config
	authorized [][]string // values of Authorization
	peers      [][2]string
	metadata   []map[string]any
}

// newRequestMaker returns a maker of valid and invalid credentials of every source.
func newRequestMaker(t testing.TB) *requestMaker {
	t.Helper()
	elsewhere, ordered, named := config(), config(), config()
	elsewhere.Audiences, elsewhere.Partition = []string{"other.example.com"}, "aws-cn"
	ordered.Sources, ordered.Header, ordered.Anonymous = []Source{Bearer, TrustedHeader, BasicAuth, MTLS}, "x-user", true
	named.PrincipalKind = URI
	m := &requestMaker{registries: []*Config{config(), config(), elsewhere, ordered, named}, authorized: [][]string{nil}, metadata: []map[string]any{nil}}
	gitlab, bound, thief := signerAt(gitlabURL), signerAt("https://bound.example.com"), signerAt("https://thief.example.com")
	for _, changes := range []claims{
		nil, {"exp": float64(now.Unix() + 20)}, {"nbf": float64(now.Unix() + 70)}, {"iat": nil, "jti": "1"}, {"iat": float64(now.Unix() + 60)},
		{"aud": "other.example.com"}, {"sub": "other"}, {"sub": "alice"}, {"environment": "test"}, {"environment": "prod"},
	} {
		for _, token := range []string{gitlab.token(t, changes), bound.token(t, changes)} {
			m.authorized = append(m.authorized, bearer(token), basicHeader("AWS", token))
			m.metadata = append(m.metadata, map[string]any{"ci": payload(t, token)}, map[string]any{"bound": payload(t, token)})
		}
	}
	token := gitlab.token(t, nil)
	for _, name := range []string{"team/ci", "deploy", "untrusting", "near", "early", "job", "notabsent", "absent"} {
		m.authorized = append(m.authorized, basicHeader("123456789012/"+name, token), basicHeader("123456789012/"+name, gitlab.token(t, claims{"environment": "test"})))
	}
	for _, name := range []string{"chained", "chainednear"} {
		m.authorized = append(m.authorized, basicHeader("123456789012/"+name, bound.token(t, claims{"sub": "alice"})), basicHeader("123456789012/"+name, bound.token(t, claims{"sub": "bob"})))
	}
	forged := thief.token(t, claims{"iss": gitlabURL})
	m.authorized = append(m.authorized, bearer(forged), basicHeader("AWS", forged), bearer(token+"A"), append(bearer(token), bearer(token)...),
		basicHeader("alice", "alice-secret"), basicHeader("bob", "bob-secret"), basicHeader("alice", "bob-secret"), basicHeader("carol", "alice-secret"), basicHeader("", ""))
	m.peers = [][2]string{{}, {"spiffe://example.com/ci", ""}}
	for _, names := range []certificateNames{
		{uris: []string{"spiffe://example.com/ci"}}, {uris: []string{"spiffe://cluster.local/ns/a/sa/build"}},
		{uris: []string{"spiffe://cluster.local/ns/b/sa/build"}}, {dns: []string{"ci.example.com", "spiffe://example.com/ci"}},
		{uris: []string{"spiffe://cluster.local/ns/a/sa/build"}, dns: []string{"ci.example.com"}}, {uris: []string{"spiffe://nowhere"}}, {},
	} {
		leaf := certificate(t, names)
		for _, principal := range append(append(names.uris, names.dns...), "CN=ci") {
			m.peers = append(m.peers, [2]string{principal, leaf})
		}
	}
	return m
}

// next returns a request. random makes the choices: it returns a number below n.
func (m *requestMaker) next(random func(n int) int) request {
	peer := m.peers[0]
	if random(2) == 0 {
		peer = m.peers[random(len(m.peers))]
	}
	second := []int{-120, -60, 0, 0, 0, 10, 29, 30, 79, 80, 359, 360, 1000}[random(13)]
	c := Credentials{
		Authorization: m.authorized[random(len(m.authorized))], Principal: peer[0], Certificate: []byte(peer[1]), TrustedHeader: "x-user",
		Time: now.Add(time.Duration(second)*time.Second - time.Duration(random(2))), ClientAddress: fmt.Sprintf("192.0.%d.7", 2+random(3)),
	}
	if random(3) == 0 {
		c.Metadata = m.metadata[random(len(m.metadata))]
	}
	if random(3) == 0 {
		c.HeaderValues = [][]string{{"alice@example.com"}, {"bob@example.com"}, {"carol@example.com"}, {"alice@example.com", "bob@example.com"}}[random(4)]
	}
	if random(4) == 0 {
		c.TrustedHeader = ""
	}
	c.Context = iam.Context{{Key: "aws:SourceIp", Value: c.ClientAddress}, {Key: "aws:CurrentTime", Value: c.Time.UTC().Format(time.RFC3339)}}
	return request{m.registries[random(len(m.registries))], c}
}

// compareWithUncached authenticates requests with and without the cache, and reports each
// difference. It returns the number of requests that have a caller, and of those whose
// caller was in the cache.
func compareWithUncached(t *testing.T, w principals, n int, next func() request) (callers, cached int) {
	t.Helper()
	auth, reference := w.build(t), w.build(t)
	reference.callers = nil
	seen := map[*Caller]bool{}
	for range n {
		r := next()
		got, f := auth.Authenticate(context.Background(), r.registry, &r.credentials)
		want, g := reference.Authenticate(context.Background(), r.registry, &r.credentials)
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(f, g) {
			t.Fatalf("%+v at %+v: %+v, %v; without the cache %+v, %v", r.credentials, r.registry, got, f, want, g)
		}
		if got == nil {
			continue
		}
		callers++
		if seen[got] {
			cached++
		}
		seen[got] = true
	}
	return callers, cached
}

// TestCallerCache compares cached callers with uncached ones over random sequences of
// requests.
func TestCallerCache(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := newRequestMaker(t)
	callers, cached := compareWithUncached(t, cacheable(t), 20_000, func() request { return m.next(random.IntN) })
	if callers < 3000 || cached < 2000 {
		t.Errorf("%d callers, %d of them cached", callers, cached)
	}
}

// FuzzCallerCache is TestCallerCache with the fuzzer's choices.
func FuzzCallerCache(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		choices := make([]byte, 400)
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		f.Add(choices)
	}
	m, w := newRequestMaker(f), cacheable(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		next := 0
		choose := func(n int) int {
			next++
			return int(choices[(next-1)%len(choices)]) % n
		}
		compareWithUncached(t, w, min(len(choices)/8, 200), func() request { return m.next(choose) })
	})
}

// TestCachedTokenEnds checks that a cached token is refused when it expires, and accepted
// again at an earlier time.
func TestCachedTokenEnds(t *testing.T) {
	auth, r := cacheable(t).build(t), config()
	token := signerAt(gitlabURL).token(t, claims{"exp": float64(now.Unix() + 30), "nbf": float64(now.Unix() - 30)})
	for _, authorization := range [][]string{bearer(token), basicHeader("AWS", token), basicHeader("123456789012/job", token)} {
		for _, c := range []struct {
			second int
			want   bool
		}{{0, true}, {89, true}, {90, false}, {0, true}, {-90, true}, {-91, false}, {0, true}} {
			_, f := authenticate(t, auth, r, Credentials{Authorization: authorization, Time: now.Add(time.Duration(c.second) * time.Second)})
			if (f == nil) != c.want {
				t.Errorf("after %d s: failure %v", c.second, f)
			}
		}
	}
}

// TestCachedRoleDependsOnRequest checks that a session is not cached whose trust policy
// mentions a key of the request.
func TestCachedRoleDependsOnRequest(t *testing.T) {
	auth, r := cacheable(t).build(t), config()
	authorization := basicHeader("123456789012/near", signerAt(gitlabURL).token(t, nil))
	for range 2 {
		for address, want := range map[string]bool{"192.0.2.1": true, "203.0.113.1": false} {
			_, f := authenticate(t, auth, r, Credentials{Authorization: authorization, Context: iam.Context{{Key: "aws:SourceIp", Value: address}}})
			if (f == nil) != want {
				t.Errorf("from %s: failure %v", address, f)
			}
		}
	}
}

// TestCachedPasswordFollowsTheLimits checks that the right password is refused at an
// address with too many wrong ones, although its caller is cached for another address.
func TestCachedPasswordFollowsTheLimits(t *testing.T) {
	auth, r := cacheable(t).build(t), config()
	login := func(password, address string) *Failure {
		_, f := authenticate(t, auth, r, Credentials{Authorization: basicHeader("alice", password), ClientAddress: address})
		return f
	}
	if f := login("alice-secret", "192.0.2.1"); f != nil {
		t.Fatal(f)
	}
	for i := range 12 {
		login(fmt.Sprint("guess ", i), "192.0.2.66")
	}
	for range 2 {
		if f := login("alice-secret", "192.0.2.66"); f == nil || f.Kind != RateLimited {
			t.Errorf("the guesser's right password: failure %v", f)
		}
		if f := login("alice-secret", "192.0.2.1"); f != nil {
			t.Errorf("the password from its own address: %v", f)
		}
	}
}

// TestChangedPasswordFile checks that a cached password is refused with a file in which the
// user's line changed, although the verifier is the same.
func TestChangedPasswordFile(t *testing.T) {
	before := cacheable(t).build(t)
	credentials := Credentials{Authorization: basicHeader("alice", "alice-secret")}
	if _, f := authenticate(t, before, config(), credentials); f != nil {
		t.Fatal(f)
	}
	changed, err := basic.ParseFile("htpasswd", []byte("alice:"+strings.TrimPrefix(bobLine, "bob:")))
	if err != nil {
		t.Fatal(err)
	}
	after := NewAuthenticator(changed, before.passwords, before.entities)
	if err := after.Bind(Binding{Kind: BasicUser, Name: "alice", Principal: aliceARN}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, f := authenticate(t, after, config(), credentials); f == nil || f.Kind != Invalid {
			t.Errorf("failure %v", f)
		}
	}
}

// TestLaterBinding checks that a binding applies to a caller that was cached before.
func TestLaterBinding(t *testing.T) {
	auth, r := cacheable(t).build(t), config()
	e := Credentials{Principal: "spiffe://cluster.local/ns/a/sa/build", Certificate: []byte(certificate(t, certificateNames{uris: []string{"spiffe://cluster.local/ns/a/sa/build"}}))}
	caller, f := authenticate(t, auth, r, e)
	want{arn: assumedRole + "ci/build"}.check(t, caller, f)
	bind(t, auth, URI, e.Principal, alice)
	caller, f = authenticate(t, auth, r, e)
	want{arn: aliceARN}.check(t, caller, f)
}

// TestCallerCacheIsBounded checks that the cache removes callers when it is full.
func TestCallerCacheIsBounded(t *testing.T) {
	auth, r := cacheable(t).build(t), config()
	r.Sources, r.Header = []Source{TrustedHeader}, "x-user"
	if _, f := authenticate(t, auth, r, Credentials{HeaderValues: []string{"alice@example.com"}, TrustedHeader: "x-user"}); f != nil {
		t.Fatal(f)
	}
	for i := range maxCallers + 10 {
		auth.callers.entries.Add(callerKey{credential: digest{byte(i), byte(i >> 8), byte(i >> 16)}}, authentication{})
	}
	if n := auth.callers.entries.Len(); n != maxCallers {
		t.Errorf("%d callers, want %d", n, maxCallers)
	}
}

// TestCallerCacheHasNoSecret checks that neither a token nor a password can be found in
// what the authenticator retains.
func TestCallerCacheHasNoSecret(t *testing.T) {
	auth, r := cacheable(t).build(t), config()
	token := signerAt(gitlabURL).token(t, nil)
	for _, authorization := range [][]string{bearer(token), basicHeader("AWS", token), basicHeader("alice", "alice-secret"), basicHeader("bob", "bob-secret")} {
		if _, f := authenticate(t, auth, r, Credentials{Authorization: authorization}); f != nil {
			t.Fatal(f)
		}
	}
	if n := auth.callers.entries.Len(); n != 4 {
		t.Fatalf("%d callers, want 4", n)
	}
	signature := token[strings.LastIndexByte(token, '.')+1:]
	for _, key := range auth.callers.entries.Keys() {
		known, _ := auth.callers.entries.Peek(key)
		for _, secret := range []string{signature, "alice-secret", "bob-secret", encode("alice:alice-secret")} {
			if strings.Contains(fmt.Sprintf("%+v %+v", key, *known.caller), secret) {
				t.Errorf("the cache contains %q", secret)
			}
		}
	}
	for range 100 {
		s := auth.callers.digests.scratch.Get().(*scratch)
		if all := string(s.text[:cap(s.text)]); strings.Trim(all, "\x00") != "" {
			t.Errorf("the buffer of digests contains %q", all)
		}
	}
}

// TestDigest checks that a digest distinguishes texts, where the first ends, and
// authenticators.
func TestDigest(t *testing.T) {
	d, err := newDigester()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newDigester()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[digest][2]string{}
	for _, texts := range [][2]string{{"", ""}, {"a", ""}, {"", "a"}, {"ab", ""}, {"a", "b"}, {"", "ab"}, {"\x00", ""}, {"\x00\x00", ""}, {strings.Repeat("a", 200), ""}, {strings.Repeat("a", 199), "a"}} {
		sum := d.sum(texts[0], []byte(texts[1]))
		if twin, found := seen[sum]; found {
			t.Errorf("%q and %q have one digest", texts, twin)
		}
		seen[sum] = texts
		if sum != d.sum(texts[0], []byte(texts[1])) {
			t.Errorf("%q has two digests", texts)
		}
		if sum == other.sum(texts[0], []byte(texts[1])) {
			t.Errorf("%q has the same digest with another key", texts)
		}
	}
}

// TestCachedCallersAtOnce checks that goroutines share the cache.
func TestCachedCallersAtOnce(t *testing.T) {
	auth, random := cacheable(t).build(t), rand.New(rand.NewPCG(5, 6))
	m := newRequestMaker(t)
	requests := make([]request, 400)
	for i := range requests {
		requests[i] = m.next(random.IntN)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, r := range requests {
				auth.Authenticate(context.Background(), r.registry, &r.credentials)
			}
		})
	}
	all.Wait()
}

// TestCachedCallersAllocate checks the allocations of a credential that is sent again. Without
// the race detector, which discards buffers of a sync.Pool, there are none, and one for the
// token of jwt_authn.
func TestCachedCallersAllocate(t *testing.T) {
	auth := cacheable(t).build(t)
	for _, c := range authenticateCases(t) {
		credentials := c.credentials
		authenticate(t, auth, c.registry, credentials)
		n := testing.AllocsPerRun(100, func() { auth.Authenticate(context.Background(), c.registry, &credentials) })
		if n > c.allocations {
			t.Errorf("%s: %v allocations, want at most %v", c.name, n, c.allocations)
		}
	}
}
