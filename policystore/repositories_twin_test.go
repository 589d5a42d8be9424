package policystore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/identity"
)

// A slot is a file with the texts that it may have. The first ones are those of good contents. In a
// text, none means that the file does not exist.
type slot struct {
	path  string
	texts []string
	good  int // so many texts have no fault, unless another file contradicts them
}

const none = "none"

// repositorySlots are the policies and tags of repositories in two registries, of which the second
// may not exist.
func repositorySlots() (slots []slot) {
	byTag := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:PutImage","Condition":{"StringNotEquals":{"aws:ResourceTag/team":"blue"}}}]}`
	byName := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/dev/alice"},"Action":"ecr:*"}]}`
	byID := strings.Replace(byName, "arn:aws:iam::123456789012:user/dev/alice", "AIDACKCEVSQ6C2EXAMPLE", 1)
	userID := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:PutImage","Condition":{"StringEquals":{"aws:userid":"x"}}}]}`
	allow := strings.Replace(denyAll, "Deny", "Allow", 1)
	for _, region := range []string{"eu-central-1", "eu-west-1"} {
		for _, name := range repositoryNames {
			output := `{"registryId": "123456789012", "repositoryName": "` + name + `", "policyText": "` + strings.ReplaceAll(allow, `"`, `\"`) + `"}`
			at := location{"123456789012", region, name}
			slots = append(slots,
				slot{at.path(policyFile), []string{none, denyAll, allow, byName, output, denyAll + " ", byTag, userID, byID, "{", "\xff"}, 6},
				slot{at.path(tagsFile), []string{none, "{}", `{"team": "blue"}`, `{"team": "gold"}`, `{"team": 1}`, "\xff"}, 4})
		}
	}
	return slots
}

var repositoryNames = []string{"a", "a-b", "a/b", "b", "secret/app", "team/app", "team/app/x"}

// inventoryOf returns an inventory of the repositories in a region.
func inventoryOf(region string, names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf(`{"repositoryArn": "arn:aws:ecr:%s:123456789012:repository/%s", "registryId": "123456789012", "repositoryName": "%s"}`, region, name, name))
	}
	return `{"repositories": [` + strings.Join(all, ", ") + `]}`
}

// baseSlots are all other files.
func baseSlots(t *testing.T) []slot {
	const second = "accounts/444455556666/authorization-details.json"
	registries := small()["registries.yaml"] + "- {name: b, hosts: [b], account: \"123456789012\", region: eu-west-1}\n"
	listed := withAccessKey()["principals.yaml"]
	with := func(from, to string) string { return strings.Replace(listed, from, to, 1) }
	other := strings.ReplaceAll(exported(t)[authorizationPlace], "123456789012", "444455556666")
	scp := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:Batch*","Resource":"*"}}`
	return []slot{
		{"registries.yaml", []string{registries, strings.Replace(registries, "name: b, hosts", "assumeMissing: true, name: b, hosts", 1), strings.Replace(registries, "eu-west-1", "eu-west-2", 1), small()["registries.yaml"], none, "{"}, 2},
		{inventoryPath("123456789012", "eu-central-1"), []string{none, inventoryOf("eu-central-1", repositoryNames), inventoryOf("eu-central-1", repositoryNames[1:]), "{"}, 2},
		{inventoryPath("123456789012", "eu-west-1"), []string{none, inventoryOf("eu-west-1", repositoryNames), inventoryOf("eu-west-1", repositoryNames[:3])}, 2},
		{"principals.yaml", []string{
			listed, with("policies: [pull]", "policies: [pull, "+pullOnlyA+"]"), with("policies: [pull]", "policies: [pull]\n  boundary: pull"),
			with("policies: [pull]", "policies: [pull, break-glass]"), with("policies: [pull]", "policies: [pull]\n  id: AIDACKCEVSQ6C2EXAMPLE"),
			listed + "groups:\n- {name: developers, members: [alice], policies: [other]}\n", with("policies: [pull]", "policies: [none]"), none,
		}, 6},
		{"managed/pull.json", []string{pullOnly, strings.Replace(pullOnly, "ecr:BatchGetImage", "ecr:PutImage", 1), pullOnly + "\n", "{", none}, 3},
		{"managed/other.json", []string{pullOnly, strings.Replace(pullOnly, "Allow", "Deny", 1), none}, 2},
		{"managed/break-glass.json", []string{none, strings.Replace(pullOnly, "ecr:BatchGetImage", "ecr:*", 1)}, 1},
		{"htpasswd", []string{aliceHash, strings.Replace(aliceHash, "alice", "bob", 1), ""}, 2},
		{"access-keys", []string{accessKeyID + ":" + accessKeySecret + "\n", accessKeyID + ":" + strings.ToLower(accessKeySecret) + "\n", "x"}, 2},
		{registryPlace, []string{none, awsRegistryPolicy, "{"}, 2},
		{second, []string{none, other, strings.ReplaceAll(other, "Allow", "Deny"), "{"}, 3},
		{"organization.yaml", []string{none, "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\noutside: [\"444455556666\"]\n"}, 2},
		{"organization/scp/0/a.json", []string{none, fullAccess, scp}, 3},
		{"stray.json", []string{none, "{}"}, 1},
	}
}

// TestPatchedIsLoaded checks after each of many changes that a content which is compiled with what
// is unchanged of the one before has the same faults or the same snapshot as one that is compiled
// from nothing, and that this does not change the snapshot before.
func TestPatchedIsLoaded(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	slots, contents := slices.Concat(repositorySlots(), baseSlots(t)), map[string]string{}
	set := func(s slot, text string) {
		if contents[s.path] = text; text == none {
			delete(contents, s.path)
		}
	}
	for _, s := range slots {
		set(s, s.texts[0])
	}
	kept := newPersistent(offline())
	kept.inspect = inspectActions
	good, bad, sameBase, samePlaces := 0, 0, 0, 0
	var before *Snapshot
	var described []string
	for step := range 600 {
		var changed []string
		for range 1 + random.IntN(3) {
			s := slots[random.IntN(len(slots))]
			texts := s.texts
			if random.IntN(8) > 0 {
				texts = texts[:s.good]
			}
			set(s, texts[random.IntN(len(texts))])
			changed = append(changed, s.path)
		}
		if step%6 == 0 {
			for _, s := range slots {
				if text, found := contents[s.path]; found && !slices.Contains(s.texts[:s.good], text) || !found && !slices.Contains(s.texts[:s.good], none) {
					set(s, s.texts[random.IntN(s.good)])
				}
			}
		}
		last := kept.last
		got, gotErr := compile(treeOf(contents), options(), kept)
		fresh := newPersistent(offline())
		fresh.inspect = inspectActions
		want, wantErr := compile(treeOf(contents), options(), fresh)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("step %d, changed %q:\n%v\nwant\n%v", step, changed, gotErr, wantErr)
		}
		if before != nil && !slices.Equal(descriptionOf(t, before), described) {
			t.Fatalf("step %d, changed %q: the snapshot before has changed", step, changed)
		}
		if wantErr != nil {
			bad++
			continue
		}
		good++
		if difference := differs(t, got, want); difference != "" {
			t.Fatalf("step %d, changed %q: another %s", step, changed, difference)
		}
		if before, described = got, descriptionOf(t, got); !slices.Equal(described, descriptionOf(t, want)) {
			t.Fatalf("step %d, changed %q: described as %q, want %q", step, changed, described, descriptionOf(t, want))
		}
		if got.base == last.base {
			sameBase++
		} else if got.catalog == last.catalog {
			samePlaces++
		}
	}
	if good < 100 || bad < 100 || sameBase < 20 || samePlaces < 20 {
		t.Errorf("%d good steps and %d bad ones; %d with the same base, and %d with another one and the same registries", good, bad, sameBase, samePlaces)
	}
}

// descriptionOf returns what a snapshot says about repositories and decides about them, and whether
// it accepts an access key.
func descriptionOf(t *testing.T, s *Snapshot) (all []string) {
	t.Helper()
	all = append(all, s.Digest, fmt.Sprintf("%+v", s.Summary))
	for _, name := range s.RegistryNames() {
		r := s.RegistryNamed(name)
		all = append(all, name, fmt.Sprint(r.Repositories()), r.RegistryPolicy())
		for _, repository := range repositoryNames {
			arn := r.RepositoryARN(repository)
			all = append(all, fmt.Sprint(r.HasRepository(repository), r.RepositoryPolicy(repository), r.RepositoryTags(repository), r.ResourceTags("ecr:PutImage", arn)))
			all = append(all, fmt.Sprint(answersAbout(s, "*", arn)))
		}
	}
	all = append(all, slices.Sorted(maps.Keys(maps.Collect(s.repositories.policies.All())))...)
	caller, failure := s.Callers.Authenticate(context.Background(), &identity.Config{Sources: []identity.Source{identity.AccessKey}}, &identity.Credentials{
		Time: time.Unix(noon, 0),
		Signature: &identity.Signature{AccessKeyID: accessKeyID, Check: func(secret string) error {
			if secret != accessKeySecret {
				return errors.New("another secret")
			}
			return nil
		}},
	})
	return append(all, fmt.Sprint(failure == nil && caller.Principal.ARN != ""))
}
