package lint

import (
	"strings"
	"testing"
)

// TestSharedActions checks that the list of shared actions contains only ECR's actions,
// and the services that other tests need. Sources: Service Authorization Reference, "Actions, resources, and
// condition keys" for Amazon EKS, AWS Elemental MediaStore, Amazon ECS and AWS
// CodeArtifact.
func TestSharedActions(t *testing.T) {
	actions, pairs := 0, 0
	for line := range strings.Lines(sharedActions) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		action, services, found := strings.Cut(line, ": ")
		if !found || !isECRAction(action) || services == "\n" {
			t.Errorf("line %q: want an action of ECR with services", line)
		}
		actions++
		pairs += len(strings.Fields(services))
	}
	if actions < 20 || pairs < 900 {
		t.Errorf("%d actions with %d services, want at least 20 and 900", actions, pairs)
	}
	for _, c := range []struct {
		action string
		want   bool // ECR was meant
	}{
		{"eks:TagResource", false}, {"eks:ListTagsForResource", false}, {"mediastore:PutLifecyclePolicy", false},
		{"ecs:PutAccountSetting", false}, {"codeartifact:GetAuthorizationToken", false}, {"ecr:PutImage", false},
		{"ecr-public:PutImage", false}, {"*:PutImage", false}, {"eks:PutLifecyclePolicy", true}, {"ecs:GetAuthorizationToken", true},
		{"s3:PutImage", true}, {"s3:PutObject", false}, {"erc:TagResource", true},
	} {
		service, name, _ := strings.Cut(c.action, ":")
		if got := meansECR(service, name); got != c.want {
			t.Errorf("%s: got %t want %t", c.action, got, c.want)
		}
	}
}
