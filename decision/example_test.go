package decision_test

import (
	"fmt"

	"extauthz/decision"
	"extauthz/iam"
)

// An engine decides by the policies of one snapshot and caches those that it
// made before.
func Example() {
	const (
		alice      = "arn:aws:iam::123456789012:user/alice"
		repository = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	)
	pull, err := iam.Compile(iam.IdentityPolicy, "pull.json", []byte(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	principal, err := iam.ParsePrincipal(alice)
	if err != nil {
		fmt.Println(err)
		return
	}
	ofAlice, err := decision.Attach([]*iam.Policy{pull}, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var principals decision.Table[*decision.Attached]
	stats := new(decision.Stats)
	engine, err := decision.New(decision.Policies{
		Principals: principals.With(nil, []decision.Entry[*decision.Attached]{{Name: alice, Value: ofAlice}}),
	}, decision.Options{CacheSize: 1000, Stats: stats})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, action := range []string{"ecr:BatchGetImage", "ecr:PutImage", "ecr:BatchGetImage", "ecr:BatchGetImage"} {
		fmt.Println(action, engine.Decide(&iam.Request{Principal: &principal, Action: action, Resource: repository}, nil))
	}
	fmt.Println(stats.Hits.Load(), "from the cache")
	// Output:
	// ecr:BatchGetImage allowed
	// ecr:PutImage implicitDeny
	// ecr:BatchGetImage allowed
	// ecr:BatchGetImage allowed
	// 1 from the cache
}
