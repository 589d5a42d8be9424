package mapping_test

import (
	"fmt"

	"extauthz/mapping"
)

// Map returns the ECR actions that a request needs, or a refusal.
func Example() {
	registry := mapping.Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}
	for _, request := range []mapping.HTTPRequest{
		{Method: "GET", Path: "/v2/team/app/manifests/v1"},
		{Method: "POST", Path: "/v2/team/app/blobs/uploads/?mount=sha256:0123&from=team/base"},
		{Method: "GET", Path: "/v2/team%2Fapp/manifests/v1"},
	} {
		m, refusal := registry.Map(&request)
		if refusal != nil {
			fmt.Println(refusal.Status, refusal.Code)
			continue
		}
		fmt.Println(m.Operation, m.Repository)
		for _, p := range m.Permissions {
			fmt.Println(" ", p.Action, "on", p.Resource)
		}
	}
	// Output:
	// GetManifest team/app
	//   ecr:BatchGetImage on arn:aws:ecr:eu-central-1:123456789012:repository/team/app
	// MountBlob team/app
	//   ecr:InitiateLayerUpload on arn:aws:ecr:eu-central-1:123456789012:repository/team/app
	//   ecr:GetDownloadUrlForLayer on arn:aws:ecr:eu-central-1:123456789012:repository/team/base
	// 400 NAME_INVALID
}
