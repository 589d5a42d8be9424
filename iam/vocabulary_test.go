package iam

import (
	"slices"
	"testing"
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
