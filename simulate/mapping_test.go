package simulate

import (
	"encoding/json"
	"strings"
	"testing"

	"extauthz/mapping"
)

func quickRegistry() *mapping.Settings {
	return &mapping.Settings{Partition: "aws-cn", Region: "cn-north-1", Account: "210987654321"}
}

const chinese = "arn:aws-cn:ecr:cn-north-1:210987654321:repository/"

func TestMapJSON(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		headers            []mapping.Header
		want               string
	}{
		{"login", "GET", "/v2/", nil,
			`{"operation":"CheckAPI","repository":"","reference":"","permissions":[{"action":"ecr:GetAuthorizationToken","resource":"*"}],"removeQueryParameters":[]}`},
		{"pull", "GET", "/v2/a/b/manifests/v1", nil,
			`{"operation":"GetManifest","repository":"a/b","reference":"v1","permissions":[{"action":"ecr:BatchGetImage","resource":"` + chinese + `a/b"}],"removeQueryParameters":[]}`},
		{"alternative", "HEAD", "/v2/a/blobs/sha256:0", nil,
			`{"operation":"HeadBlob","repository":"a","reference":"sha256:0","permissions":[{"action":"ecr:BatchCheckLayerAvailability","resource":"` + chinese + `a","alternative":"ecr:GetDownloadUrlForLayer"}],"removeQueryParameters":[]}`},
		{"optional", "POST", "/v2/a/blobs/uploads/?mount=sha256:0&from=b", nil,
			`{"operation":"MountBlob","repository":"a","reference":"sha256:0","permissions":[{"action":"ecr:InitiateLayerUpload","resource":"` + chinese + `a"},{"action":"ecr:GetDownloadUrlForLayer","resource":"` + chinese + `b","optional":true}],"removeQueryParameters":[]}`},
		{"removes parameters for every decision", "POST", "/v2/a/blobs/uploads/?mount=sha256:0", nil,
			`{"operation":"StartUpload","repository":"a","reference":"","permissions":[{"action":"ecr:InitiateLayerUpload","resource":"` + chinese + `a"}],"removeQueryParameters":["mount"]}`},
		{"tags", "PUT", "/v2/a/manifests/sha256:0?tag=x&tag=y", nil,
			`{"operation":"PutManifest","repository":"a","reference":"sha256:0","tags":["x","y"],"permissions":[{"action":"ecr:PutImage","resource":"` + chinese + `a"}],"removeQueryParameters":[]}`},
		{"a header that counts", "PUT", "/v2/a/blobs/uploads/1?digest=sha256:0", []mapping.Header{{Name: "content-length", Value: "0"}},
			`{"operation":"CompleteUpload","repository":"a","reference":"1","permissions":[{"action":"ecr:CompleteLayerUpload","resource":"` + chinese + `a"}],"removeQueryParameters":[]}`},
		{"refused", "GET", "/v2/a<b/manifests/v1", nil,
			`{"refused":"NAME_INVALID","message":"\"a<b\" is not a valid repository name"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := MapJSON(quickRegistry(), &mapping.HTTPRequest{Method: c.method, Path: c.path, Headers: c.headers})
			if got != c.want+"\n" || ok != strings.HasPrefix(c.want, `{"operation"`) {
				t.Errorf("got %t %s\nwant %s", ok, got, c.want)
			}
		})
	}
}

// TestMapLines checks that each line of input has its result in the same line of the
// output.
func TestMapLines(t *testing.T) {
	rows := []struct{ line, want string }{
		{"GET\t/v2/", `{"operation":"CheckAPI"`},
		{"", `{"refused":"UNSUPPORTED","message":"the path does not begin with a slash"}`},
		{"# a comment", `{"refused":"UNSUPPORTED"`},
		{"method\tpath\theaders\texpected\twhy", `{"refused":"UNSUPPORTED"`},
		{"GET", `{"refused":"UNSUPPORTED"`},
		{"GET\t/v2/a/manifests/v1\t\tdeny\tfurther columns", `{"operation":"GetManifest"`},
		{"POST\t/v2/a/blobs/uploads/\tContent-Type: text/plain|Content-Length:\t\t", `{"operation":"StartUpload"`},
		{"POST\t/v2/a/blobs/uploads/\tcontent-length: 0|CONTENT-TYPE:multipart/form-data", `{"refused":"UNSUPPORTED","message":"Content-Type \"multipart/form-data\"`},
		{"GET\t/v2/\tAuthorization Basic c2VjcmV0", `{"refused":"UNSUPPORTED","message":"a header does not have the form NAME: VALUE"}`},
		{"GET\t/v2/\t: nameless", `{"refused":"UNSUPPORTED","message":"a header does not have the form`},
		{"GET\t/v2/\tX: y|", `{"refused":"UNSUPPORTED","message":"a header does not have the form`},
		{"GET\t/v2/a/manifests/v1\r", `{"refused":"NAME_INVALID","message":"the path contains byte 0x0d`},
		{"\xff\t\xff\t\xff", `{"refused":"UNSUPPORTED"`},
		{strings.Repeat("G", maxLine), `{"refused":"UNSUPPORTED","message":"the line is longer than 16 MiB"}`},
		{"GET\t/v2/", `{"operation":"CheckAPI"`},
	}
	var in, out strings.Builder
	for _, row := range rows {
		in.WriteString(row.line + "\n")
	}
	if err := MapLines(quickRegistry(), strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != len(rows)+1 || lines[len(rows)] != "" {
		t.Fatalf("%d lines for %d", len(lines)-1, len(rows))
	}
	for i, row := range rows {
		if !strings.HasPrefix(lines[i], row.want) || !json.Valid([]byte(lines[i])) {
			t.Errorf("%.80q: got %s want %s", row.line, lines[i], row.want)
		}
	}
	if strings.Contains(out.String(), "c2VjcmV0") {
		t.Error("the output contains a credential")
	}
}

func TestParseHeader(t *testing.T) {
	for _, c := range []struct {
		text string
		want mapping.Header
		ok   bool
	}{
		{"Content-Type: a/b", mapping.Header{Name: "content-type", Value: "a/b"}, true},
		{"x:\t y: z \t", mapping.Header{Name: "x", Value: "y: z"}, true},
		{"X-Empty:", mapping.Header{Name: "x-empty"}, true},
		{"x: \u00a0y", mapping.Header{Name: "x", Value: "\u00a0y"}, true},
		{"", mapping.Header{}, false},
		{"name", mapping.Header{}, false},
		{": value", mapping.Header{}, false},
		{":path: /v2/", mapping.Header{}, false},
		{"Content-Type : a/b", mapping.Header{}, false},
		{" Content-Type: a/b", mapping.Header{}, false},
		{"content\u2010type: a/b", mapping.Header{}, false},
		{"a\xff: b", mapping.Header{}, false},
		{"a(b): c", mapping.Header{}, false},
	} {
		if got, ok := ParseHeader(c.text); got != c.want || ok != c.ok {
			t.Errorf("%q: got %+v, %t", c.text, got, ok)
		}
	}
}

// FuzzMapLines checks that each line of input has a line of JSON, which is either a
// mapping or a refusal.
func FuzzMapLines(f *testing.F) {
	for _, text := range []string{"GET\t/v2/\n", "\n\n", "POST\t/v2/a/blobs/uploads/?mount=x&from=b\tA: b|c\n", "\xff\t\x00\t|\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out strings.Builder
		if err := MapLines(quickRegistry(), strings.NewReader(text), &out); err != nil {
			t.Fatal(err)
		}
		want := strings.Count(text, "\n")
		if text != "" && !strings.HasSuffix(text, "\n") {
			want++
		}
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Fatalf("%d lines for %d", got, want)
		}
		for line := range strings.Lines(out.String()) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			if (fields["refused"] == nil) == (fields["permissions"] == nil) {
				t.Errorf("both or neither: %s", line)
			}
		}
	})
}
