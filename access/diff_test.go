package access_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extauthz/access"
	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// changed returns the files of a directory of which one or two policies are others.
func (g random) changed(files map[string]string) map[string]string {
	other, changed := g.directory(), maps.Clone(files)
	changed["registries.yaml"] = files["registries.yaml"]
	names := slices.Sorted(maps.Keys(other))
	for range 1 + g.IntN(2) {
		name := names[g.IntN(len(names))]
		if strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, "organization/") && !strings.HasSuffix(name, "_tags.json") {
			changed[name] = other[name]
		}
	}
	return changed
}

// newWorldOf returns the world of files, nil if they cannot be loaded.
func newWorldOf(t *testing.T, g random, seed uint64, files map[string]string) *world {
	t.Helper()
	w := &world{T: t, random: g, seed: seed, files: files, callers: map[holder]*identity.Caller{}, whoCan: map[[2]string]*access.WhoCan{}}
	root := t.TempDir()
	directorytest.Write(t, root, files)
	var err error
	if w.snapshot, err = policystore.LoadDocuments(root); err != nil {
		return nil
	}
	if w.dir, err = access.New(w.snapshot); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	w.registry = w.snapshot.RegistryNamed("main")
	return w
}

// isAllowed decides a request of a holder with the context of check and a reference.
func (w *world) isAllowed(h holder, check *authz.CheckRequest, reference, action, resource string) bool {
	caller := w.caller(h)
	r := authz.NewIAMRequest(check, w.registry, caller, action, resource)
	if reference != "" {
		r.Context = append(slices.Clip(r.Context), iam.ContextEntry{Key: iam.KeyReference, Value: reference})
	}
	return w.snapshot.Decisions.Decide(r, caller.SessionPolicies) == iam.Allowed
}

// checkDiff compares the witnesses of two directories with brute force over all holders of
// credentials, actions, repositories and few contexts.
func checkDiff(t *testing.T, seed uint64, counts map[string]int) {
	t.Helper()
	g := random{rand.New(rand.NewPCG(seed, 23))}
	files := g.directory()
	before := newWorldOf(t, g, seed, files)
	if before == nil {
		counts["not loaded"]++
		return
	}
	after := newWorldOf(t, g, seed, g.changed(files))
	if after == nil {
		counts["not loaded"]++
		return
	}
	d := access.Compare(before.dir, after.dir, func(int, int) {})
	counts["new witnesses"] += len(d.New)
	counts["lost witnesses"] += len(d.Lost)
	counts["not searched"] += len(d.NotSearched)
	if len(d.NewCredentials)+len(d.LostCredentials) > 0 {
		t.Fatalf("seed %d: credentials changed: %+v", seed, d)
	}
	for i := range d.New {
		checkWitness(t, seed, &d.New[i], after, before)
	}
	for i := range d.Lost {
		checkWitness(t, seed, &d.Lost[i], before, after)
	}
	for range 600 {
		h, check, reference := g.holder(), before.request(), oneOf(g, "", "a", "b", "sha256:a")
		action, resource := oneOf(g, "ecr:BatchGetImage", "ecr:PutImage", "ecr:CreateRepository"), prefix+oneOf(g, names...)
		if g.IntN(10) == 0 {
			action, resource = "ecr:GetAuthorizationToken", "*"
		}
		was, is := before.isAllowed(h, check, reference, action, resource), after.isAllowed(h, check, reference, action, resource)
		if was == is {
			continue
		}
		found, other := d.New, "new"
		if was {
			found, other = d.Lost, "lost"
		}
		counts[other]++
		p := before.caller(h).Principal
		if !slices.ContainsFunc(found, func(w access.Witness) bool { return w.Action == action && isWitnessOf(&w, h, &p) }) && len(d.NotSearched) == 0 {
			t.Fatalf("seed %d: %s access of %v to %s on %s is not found\n%v\n%v\n%+v", seed, other, h, action, resource, before.files, after.files, d)
		}
	}
}

// checkWitness checks the witness of a user: one directory allows the request, and the other
// denies it.
func checkWitness(t *testing.T, seed uint64, w *access.Witness, allows, denies *world) {
	t.Helper()
	if !strings.Contains(w.Principal, ":user/") {
		return
	}
	decide := func(of *world) bool {
		caller, err := of.snapshot.CallerNamed(w.Principal)
		if err != nil {
			t.Fatal(err)
		}
		r := authz.NewIAMRequest(&authz.CheckRequest{Host: "h"}, of.registry, caller, w.Action, w.Resource)
		r.Context = slices.DeleteFunc(slices.Clone(r.Context), func(e iam.ContextEntry) bool {
			_, given := w.Context[e.Key]
			return given || slices.Contains([]string{"aws:CurrentTime", "aws:EpochTime"}, e.Key)
		})
		for key, value := range w.Context {
			r.Context = append(r.Context, iam.ContextEntry{Key: key, Value: value})
		}
		return of.snapshot.Decisions.Decide(r, nil) == iam.Allowed
	}
	if !decide(allows) || decide(denies) {
		t.Fatalf("seed %d: not a witness: %+v", seed, w)
	}
}

// isWitnessOf reports whether a witness is about the caller of a holder.
func isWitnessOf(w *access.Witness, h holder, p *iam.Principal) bool {
	switch {
	case h.line == 0:
		return w.Principal == "anonymous"
	case p.Kind == iam.AssumedRole:
		return w.Principal == p.ARN || w.Principal == p.RoleARN
	}
	return w.Principal == p.ARN || strings.HasSuffix(w.Principal, "{name}") && p.Kind == iam.FederatedUser
}

// TestDiff compares random directories.
func TestDiff(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(20) {
		checkDiff(t, seed, counts)
	}
	t.Log(counts)
	for _, name := range []string{"new", "lost", "new witnesses", "lost witnesses"} {
		if counts[name] < 20 {
			t.Errorf("%s: only %d", name, counts[name])
		}
	}
}

// FuzzDiff is TestDiff for any seed.
func FuzzDiff(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkDiff(t, seed, map[string]int{}) })
}

// TestDiffCredentials checks that a new credential and a trust policy with other conditions
// are found.
func TestDiffCredentials(t *testing.T) {
	for _, c := range []struct{ name, file, old, new, principal string }{
		{"credential", "principals.yaml", `{uri: "spiffe://x/alice"`, `{uri: "spiffe://x/eve"`, "arn:aws:iam::123456789012:user/alice"},
		{"trust policy", "trust/github.json", "repo:example/app:*", "repo:example/*", "arn:aws:iam::123456789012:role/ci"},
	} {
		t.Run(c.name, func(t *testing.T) {
			load := func(files map[string]string) *access.Directory {
				root := t.TempDir()
				directorytest.Write(t, root, files)
				s, err := policystore.LoadDocuments(root)
				if err != nil {
					t.Fatal(err)
				}
				d, err := access.New(s)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			files := maps.Clone(example)
			files[c.file] = strings.Replace(files[c.file], c.old, c.new, 1)
			d := access.Compare(load(example), load(files), func(int, int) {})
			if len(d.New)+len(d.Lost) > 0 || len(d.NewCredentials) != 1 || len(d.LostCredentials) != 1 || d.NewCredentials[0].Principal != c.principal {
				t.Errorf("got %+v", d)
			}
			if same := access.Compare(load(example), load(example), func(int, int) {}); !same.IsEmpty() {
				t.Errorf("a directory differs from itself: %+v", same)
			}
		})
	}
}
