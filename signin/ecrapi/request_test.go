package ecrapi

import (
	"testing"

	_ "extauthz/goldentest"
	"extauthz/iam"
	"extauthz/mapping"
)

// FuzzParse checks that a request has names that repositories can have, within Amazon ECR's limits, or
// is an error with a type.
func FuzzParse(f *testing.F) {
	for _, operation := range []string{"GetAuthorizationToken", "GetRepositoryPolicy", "GetRegistryPolicy", "DescribeRepositories", "ListTagsForResource", "PutImage", ""} {
		for _, body := range []string{
			"{}", `{"registryIds":["123456789012"]}`, `{"registryId":"123456789012","repositoryName":"team/app"}`, `{"repositoryNames":["a1","b2"]}`,
			`{"maxResults":2,"nextToken":"YTE"}`, `{"resourceArn":"arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}`, "[", "null",
		} {
			f.Add("AmazonEC2ContainerRegistry_V20150921."+operation, body)
		}
	}
	f.Add("GetAuthorizationToken", "{}")
	f.Fuzz(func(t *testing.T, target, body string) {
		r, problem := Parse(target, []byte(body))
		if problem != nil {
			if problem.Type == "" || problem.Message == "" || problem.status() < 400 {
				t.Errorf("error %+v", problem)
			}
			return
		}
		if target != targetPrefix+string(r.Operation) || len(r.Repositories) > maxNames || r.MaxResults < 0 || r.MaxResults > maxResults || r.Account != "" && !iam.IsAccount(r.Account) {
			t.Errorf("%q and %q are %+v", target, body, r)
		}
		for _, name := range append(r.Repositories, r.After) {
			if name != "" && (!mapping.ValidRepository(name) || len(name) > 256) {
				t.Errorf("%q has the repository %q", body, name)
			}
		}
	})
}
