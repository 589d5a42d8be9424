package mapping

import (
	"strings"
	"testing"
)

const (
	layer  = "sha256:69ab6e17f723294863fc46f3aa7f5c88e5ae0ab398e39ae9f8daf469e57a9dcd"
	image  = "sha256:7854c9c3f2b28e3d3910068e05017f3ebadceee583196c91eb9adac8662db8b9"
	prefix = "arn:aws:ecr:eu-central-1:123456789012:repository/"
)

// testRegistry returns a registry with default settings.
func testRegistry() *Settings {
	return &Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}
}

// request returns a request. Headers are "name: value".
func request(method, path string, headers ...string) *HTTPRequest {
	r := &HTTPRequest{Method: method, Path: path}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		r.Headers = append(r.Headers, Header{Name: strings.ToLower(name), Value: strings.TrimPrefix(value, " ")})
	}
	return r
}

// show returns the permissions of a mapping in the format of the test tables: "Action@R", without
// ecr: and the common part of the ARN; "A|B@R" with an alternative; with a final ? if it is
// optional.
func show(m Mapping) string {
	var all []string
	for _, p := range m.Permissions {
		action := strings.TrimPrefix(p.Action, "ecr:")
		if p.Alternative != "" {
			action += "|" + strings.TrimPrefix(p.Alternative, "ecr:")
		}
		text := action + "@" + strings.TrimPrefix(p.Resource, prefix)
		if p.Optional {
			text += "?"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// TestEndpoints checks the mapping of each operation.
func TestEndpoints(t *testing.T) {
	tests := []struct {
		name, method, path                string
		headers                           []string
		operation                         Operation
		repository, reference, permission string
	}{
		{"base", "GET", "/v2/", nil, CheckAPI, "", "", "GetAuthorizationToken@*"},
		{"base, HEAD", "HEAD", "/v2/", nil, CheckAPI, "", "", "GetAuthorizationToken@*"},
		{"base without slash", "GET", "/v2", nil, CheckAPI, "", "", "GetAuthorizationToken@*"},
		{"base of a mirror", "GET", "/v2/?ns=docker.io", nil, CheckAPI, "", "", "GetAuthorizationToken@*"},
		{"catalog", "GET", "/v2/_catalog", nil, Catalog, "", "", "DescribeRepositories@*"},
		{"catalog, a page", "GET", "/v2/_catalog?n=100&last=a%2Fb", nil, Catalog, "", "", "DescribeRepositories@*"},
		{"blob exists", "HEAD", "/v2/a/b/blobs/" + layer, nil, HeadBlob, "a/b", layer, "BatchCheckLayerAvailability|GetDownloadUrlForLayer@a/b"},
		{"blob", "GET", "/v2/a/b/blobs/" + layer, nil, GetBlob, "a/b", layer, "GetDownloadUrlForLayer@a/b"},
		{"blob with an algorithm of two parts", "GET", "/v2/a/blobs/sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7=", nil, GetBlob, "a", "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7=", "GetDownloadUrlForLayer@a"},
		{"manifest by tag", "GET", "/v2/a/manifests/v1.0_x-y", nil, GetManifest, "a", "v1.0_x-y", "BatchGetImage@a"},
		{"manifest by digest", "GET", "/v2/a/manifests/" + image, nil, GetManifest, "a", image, "BatchGetImage@a"},
		{"manifest exists", "HEAD", "/v2/a/manifests/latest", nil, HeadManifest, "a", "latest", "BatchGetImage@a"},
		{"manifest by a bad digest, which the registry checks", "GET", "/v2/a/manifests/sha256:baddigeststring", nil, GetManifest, "a", "sha256:baddigeststring", "BatchGetImage@a"},
		{"manifest by a bad tag, which the registry checks", "GET", "/v2/a/manifests/.INVALID_MANIFEST_NAME", nil, GetManifest, "a", ".INVALID_MANIFEST_NAME", "BatchGetImage@a"},
		{"put manifest", "PUT", "/v2/a/manifests/v1", nil, PutManifest, "a", "v1", "PutImage@a"},
		{"put manifest by digest", "PUT", "/v2/a/manifests/" + image, nil, PutManifest, "a", image, "PutImage@a"},
		{"delete manifest", "DELETE", "/v2/a/manifests/" + image, nil, DeleteManifest, "a", image, "BatchDeleteImage@a"},
		{"delete tag", "DELETE", "/v2/a/manifests/v1", nil, DeleteManifest, "a", "v1", "BatchDeleteImage@a"},
		{"tags", "GET", "/v2/a/tags/list", nil, ListTags, "a", "", "ListImages@a"},
		{"tags, a page", "GET", "/v2/a/tags/list?n=10&last=v1", nil, ListTags, "a", "", "ListImages@a"},
		{"referrers", "GET", "/v2/a/referrers/" + image, nil, ListReferrers, "a", image, "BatchGetImage@a"},
		{"referrers of a type", "GET", "/v2/a/referrers/" + image + "?artifactType=application%2Fvnd.x%2Bjson", nil, ListReferrers, "a", image, "BatchGetImage@a"},
		{"start upload", "POST", "/v2/a/blobs/uploads/", nil, StartUpload, "a", "", "InitiateLayerUpload@a"},
		{"start upload without slash", "POST", "/v2/a/blobs/uploads", nil, StartUpload, "a", "", "InitiateLayerUpload@a"},
		{"start upload with an empty query", "POST", "/v2/a/blobs/uploads/?", nil, StartUpload, "a", "", "InitiateLayerUpload@a"},
		{"start upload with an algorithm", "POST", "/v2/a/blobs/uploads/?digest-algorithm=sha512", nil, StartUpload, "a", "", "InitiateLayerUpload@a"},
		{"start upload as containerd does", "POST", "/v2/a/blobs/uploads/?ns=docker.io", []string{"content-length: 0"}, StartUpload, "a", "", "InitiateLayerUpload@a"},
		{"monolithic upload", "POST", "/v2/a/blobs/uploads/?digest=" + layer, []string{"content-type: application/octet-stream"}, MonolithicUpload, "a", layer, "InitiateLayerUpload@a UploadLayerPart@a CompleteLayerUpload@a"},
		{"monolithic upload without a body needs the same", "POST", "/v2/a/blobs/uploads/?digest=" + layer, []string{"content-length: 0"}, MonolithicUpload, "a", layer, "InitiateLayerUpload@a UploadLayerPart@a CompleteLayerUpload@a"},
		{"mount", "POST", "/v2/a/blobs/uploads/?mount=" + layer + "&from=b/c", nil, MountBlob, "a", layer, "InitiateLayerUpload@a GetDownloadUrlForLayer@b/c?"},
		{"mount as crane writes it", "POST", "/v2/a/blobs/uploads/?from=b%2fc&mount=sha256%3Abad", nil, MountBlob, "a", "sha256:bad", "InitiateLayerUpload@a GetDownloadUrlForLayer@b/c?"},
		{"mount from itself", "POST", "/v2/a/blobs/uploads/?mount=" + layer + "&from=a", nil, MountBlob, "a", layer, "InitiateLayerUpload@a GetDownloadUrlForLayer@a?"},
		{"mount without a source", "POST", "/v2/a/blobs/uploads/?mount=" + layer, nil, StartUpload, "a", "", "InitiateLayerUpload@a"},
		{"chunk", "PATCH", "/v2/a/blobs/uploads/6f-7a.b_c=?_state=eyJ", []string{"content-type: application/octet-stream"}, UploadChunk, "a", "6f-7a.b_c=", "UploadLayerPart@a"},
		{"upload status", "GET", "/v2/a/blobs/uploads/6f7a", nil, UploadStatus, "a", "6f7a", "UploadLayerPart@a"},
		{"cancel upload", "DELETE", "/v2/a/blobs/uploads/6f7a", nil, CancelUpload, "a", "6f7a", "UploadLayerPart@a"},
		{"complete upload", "PUT", "/v2/a/blobs/uploads/6f7a?digest=" + layer, nil, CompleteUpload, "a", "6f7a", "UploadLayerPart@a CompleteLayerUpload@a"},
		{"complete upload without a digest, which the registry checks", "PUT", "/v2/a/blobs/uploads/6f7a", nil, CompleteUpload, "a", "6f7a", "UploadLayerPart@a CompleteLayerUpload@a"},
		{"complete upload without a body", "PUT", "/v2/a/blobs/uploads/6f7a?_state=x&digest=" + layer, []string{"content-length: 0"}, CompleteUpload, "a", "6f7a", "CompleteLayerUpload@a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, refusal := testRegistry().Map(request(test.method, test.path, test.headers...))
			if refusal != nil {
				t.Fatalf("refused: %+v", *refusal)
			}
			if m.Operation != test.operation || m.Repository != test.repository || m.Reference != test.reference {
				t.Errorf("got %v of %q, %q; want %v of %q, %q",
					m.Operation, m.Repository, m.Reference, test.operation, test.repository, test.reference)
			}
			if got := show(m); got != test.permission {
				t.Errorf("needs %s; want %s", got, test.permission)
			}
		})
	}
}
