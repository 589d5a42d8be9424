package decision

import (
	"testing"

	"extauthz/diag"
	"extauthz/iam"
)

// TestKeysDiffer moves the boundaries between the parts of a question: what
// reads alike when run together must not share a key.
func TestKeysDiffer(t *testing.T) {
	names := []string{"aws:a", "aws:b"}
	entry := func(key, value string) iam.ContextEntry { return iam.ContextEntry{Key: key, Value: value} }
	multi := func(key string, values ...string) iam.ContextEntry {
		return iam.ContextEntry{Key: key, Values: values, Multi: true}
	}
	questions := []iam.Request{
		{Principal: &user, Action: "ab", Resource: "c"},
		{Principal: &user, Action: "a", Resource: "bc"},
		{Principal: &session, Action: "ab", Resource: "c"},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:b", "")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "x"), entry("aws:b", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "xy"), entry("aws:b", "")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "xs\x01y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a", "x", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a", "xy")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a", "x"), entry("aws:b", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "xs"), entry("aws:b", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "x"), entry("aws:b", "sy")}},
	}
	a := applicable{keys: [5][]string{names}}
	seen := map[string]int{}
	for i, r := range questions {
		key := string(appendKey(nil, &r, &a))
		if j, twice := seen[key]; twice {
			t.Errorf("questions %d and %d share a key", i, j)
		}
		seen[key] = i
	}
	// A principal is more than its ARN.
	for i, p := range []iam.Principal{
		{Kind: iam.AssumedRole, ARN: session.ARN, Account: session.Account, RoleARN: "arn:aws:iam::123456789012:role/ci"},
		{Kind: iam.FederatedUser, ARN: session.ARN, Account: session.Account, RoleARN: role},
		{Kind: iam.FederatedUser, ARN: session.ARN, Account: session.Account, UserARN: role},
		{Kind: iam.AssumedRole, ARN: session.ARN, Account: "999999999999", RoleARN: role},
	} {
		r := iam.Request{Principal: &p, Action: "ab", Resource: "c"}
		if _, twice := seen[string(appendKey(nil, &r, &a))]; twice {
			t.Errorf("principal %d shares a key with another", i)
		}
	}
}

// TestKeysHoldPlaces tells session policies of one file apart by their places.
func TestKeysHoldPlaces(t *testing.T) {
	seen := map[string]diag.Point{}
	for _, at := range []diag.Point{{Line: 1, Column: 1}, {Line: 1, Column: 20}, {Line: 20, Column: 1}, {Line: 300, Column: 1}} {
		p, err := iam.CompileAt(iam.SessionPolicy, diag.File("account.json"), at, []byte(allowAll))
		if err != nil {
			t.Fatal(err)
		}
		session := []*iam.Policy{p}
		r := iam.Request{Principal: &user, Action: "ab", Resource: "c"}
		key := string(appendKey(nil, &r, &applicable{policies: iam.Policies{Session: session}}))
		if other, twice := seen[key]; twice {
			t.Errorf("policies at %v and %v share a key", at, other)
		}
		seen[key] = at
	}
}

// TestKeysHoldSessions gives one question different session policies. The empty
// list differs from every other, also from a policy without a name.
func TestKeysHoldSessions(t *testing.T) {
	named := func(sources ...string) (list []*iam.Policy) {
		for _, source := range sources {
			list = append(list, &iam.Policy{Kind: iam.SessionPolicy, Source: diag.File(source)})
		}
		return list
	}
	seen := map[string]int{}
	for i, session := range [][]*iam.Policy{
		nil, named(""), named("", ""), named("a"), named("b"), named("ab"), named("a", "b"), named("b", "a"), named("a", ""), named("\x01a"), named("a", "a"),
	} {
		r := iam.Request{Principal: &user, Action: "ab", Resource: "c"}
		key := string(appendKey(nil, &r, &applicable{policies: iam.Policies{Session: session}}))
		if j, twice := seen[key]; twice {
			t.Errorf("sessions %d and %d share a key", i, j)
		}
		seen[key] = i
	}
}
