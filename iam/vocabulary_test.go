package iam

import (
	"slices"
	"strings"
	"testing"

	"extauthz/nearest"
)

// Source: AWS General Reference, "Partitions", and the partitions metadata of the
// AWS SDKs.
func TestPartitionOf(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "eu-central-1": "aws", "ap-southeast-7": "aws", "ca-west-1": "aws", "il-central-1": "aws", "mx-central-1": "aws",
		"me-south-1": "aws", "af-south-1": "aws", "sa-east-1": "aws", "ap-northeast-3": "aws", "us-west-2": "aws",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn", "us-gov-east-1": "aws-us-gov", "us-gov-west-1": "aws-us-gov",
		"eusc-de-east-1": "aws-eusc", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e",
		"us-isof-south-1": "aws-iso-f", "us-isof-east-1": "aws-iso-f",
		"": "", "local": "", "eu": "", "region-1": "", "us-east": "", "xx-east-1": "", "cn": "", "us-gov": "", "us-moon-base-1": "", "US-EAST-1": "", "us-east-1a": "",
	} {
		got, known := PartitionOf(region)
		if known != (want != "") || known && got != want {
			t.Errorf("region %q is in partition %q (%t), want %q", region, got, known, want)
		}
		if known && !slices.Contains(slices.Collect(Partitions()), got) {
			t.Errorf("partition %q of region %q is not among Partitions", got, region)
		}
	}
}

// TestNearest checks that the message about a misspelled action proposes the right one.
func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"BatchGetImages", `; did you mean "ecr:BatchGetImage"?`},
		{"getdownloadurlforlayers", `; did you mean "ecr:GetDownloadUrlForLayer"?`},
		{"CompleteLayersUpload", `; did you mean "ecr:CompleteLayerUpload"?`},
		{"Pull", ""},
		{"Pull*", ""},
		{"PutImag", `; did you mean "ecr:PutImage"?`},
		{"Put", ""},
		{"", ""},
		{strings.Repeat("BatchGetImage", 1<<16), ""}, // answered at once
	} {
		if got := nearest.DidYouMean(nearestAction(c.name)); got != c.want {
			t.Errorf("%s: got %q want %q", c.name[:min(len(c.name), 50)], got, c.want)
		}
	}
}

// TestNearestIsBounded checks that every misspelled action is found, and that proposals
// are made for the first ones only: a policy can contain 50,000.
func TestNearestIsBounded(t *testing.T) {
	const unknown = 50_000
	actions := strings.Repeat(`"ecr:BatchGetImages",`, unknown) + `"ecr:BatchGetImage"`
	p := mustCompile(t, IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[`+actions+`],"Resource":"*"}}`)
	found, proposed := 0, 0
	for _, f := range p.Findings() {
		if f.Code == "unknown-action" {
			found++
		}
		if strings.HasSuffix(f.Message(), `did you mean "ecr:BatchGetImage"?`) {
			proposed++
		}
	}
	if found != unknown || proposed != maxProposals {
		t.Errorf("%d found and %d with a proposal, want %d and %d", found, proposed, unknown, maxProposals)
	}
}
