package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const hostileRequests = "../../mapping/testdata/hostile.tsv"

// mappedLine is a line of map's output.
type mappedLine struct {
	Permissions           []struct{ Action, Resource string }
	RemoveQueryParameters []string
	Refused, Message      string
}

// result returns the line in the form of the fourth column of hostileRequests.
func (l *mappedLine) result() string {
	if l.Refused != "" && l.Message != "" && l.Permissions == nil {
		return "deny"
	}
	var all []string
	for _, p := range l.Permissions {
		resource := strings.TrimPrefix(p.Resource, "arn:aws:ecr:eu-central-1:123456789012:")
		if name, ok := strings.CutPrefix(resource, "repository/"); ok && name != "*" {
			resource = name
		}
		all = append(all, p.Action+"@"+resource)
	}
	text := strings.Join(all, " + ")
	if len(l.RemoveQueryParameters) > 0 {
		text += " strip " + strings.Join(l.RemoveQueryParameters, ", ")
	}
	return text
}

// TestMapHostileRequests maps every hostile request, from a file and from standard input.
func TestMapHostileRequests(t *testing.T) {
	text, err := os.ReadFile(hostileRequests)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(want) < 346 {
		t.Fatalf("%s has %d lines, want at least 346", hostileRequests, len(want))
	}
	for _, args := range [][]string{{"map", "--tsv", hostileRequests}, {"map", hostileRequests, "--tsv"}, {"map", "--tsv"}, {"map", "--tsv", "-"}} {
		r := commandRun{args: args, stdin: string(text)}
		r.do(t)
		got := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
		if r.code != exitDone || r.stderr != "" || len(got) != len(want) {
			t.Fatalf("%v: exit %d, %d lines for %d, stderr %s", args, r.code, len(got), len(want), r.stderr)
		}
		for i, line := range got[1:] { // the first line contains titles
			var mapped mappedLine
			if err := json.Unmarshal([]byte(line), &mapped); err != nil {
				t.Fatal(err)
			}
			if columns := strings.Split(want[i+1], "\t"); mapped.result() != columns[3] {
				t.Errorf("%s:%d: got %s want %s", hostileRequests, i+2, line, columns[3])
			}
		}
	}
}

func TestMapRequest(t *testing.T) {
	const elsewhere = "arn:aws-cn:ecr:cn-north-1:111111111111:repository/"
	for _, c := range []struct {
		args []string
		code int
		want string // part of the line
	}{
		{[]string{"GET", "/v2/"}, exitDone, `{"operation":"CheckAPI","repository":"","reference":"","permissions":[{"action":"ecr:GetAuthorizationToken","resource":"*"}],"removeQueryParameters":[]}`},
		{[]string{"GET", "/v2/team/app/manifests/v1"}, exitDone, `"repository":"team/app","reference":"v1","permissions":[{"action":"ecr:BatchGetImage","resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}]`},
		{[]string{"GET", "/v2/a/tags/list", "--account", "111111111111", "--region=cn-north-1", "--partition", "aws-cn"}, exitDone, `"resource":"` + elsewhere + `a"`},
		{[]string{"--account", "111111111111", "GET", "--region=cn-north-1", "/v2/a/tags/list", "--partition", "aws-cn"}, exitDone, `"resource":"` + elsewhere + `a"`},
		{[]string{"PUT", "/v2/a/blobs/uploads/1?digest=sha256:0", "-H", "Content-Length: 0"}, exitDone, `"permissions":[{"action":"ecr:CompleteLayerUpload"`},
		{[]string{"PUT", "/v2/a/blobs/uploads/1?digest=sha256:0", "--header", "Content-Length: 0", "-H", "Transfer-Encoding: chunked"}, exitDone, `"permissions":[{"action":"ecr:UploadLayerPart"`},
		{[]string{"DELETE", "/v2/a/blobs/sha256:0"}, exitFailure, `{"refused":"UNSUPPORTED","message":"method \"DELETE\" is not supported`},
		{[]string{"DELETE", "/v2/a/blobs/sha256:0", "--delete-blobs"}, exitDone, `"action":"ecr:BatchDeleteImage"`},
		{[]string{"GET", "/v2/a/manifests/v1", "--ecr-names"}, exitFailure, `{"refused":"NAME_INVALID","message":"\"a\" is not`},
		{[]string{"GET", "/v2/hub/a/manifests/v1", "--pull-through", "quay", "--pull-through", "hub"}, exitDone, `"action":"ecr:BatchImportUpstreamImage"`},
		{[]string{"GET", "/v2/a/manifests/v1", "--pull-through=ROOT"}, exitDone, `"action":"ecr:BatchImportUpstreamImage"`},
		{[]string{"PUT", "/v2/a/manifests/v1", "--assume-missing"}, exitDone, `{"action":"ecr:CreateRepository","resource":"arn:aws:ecr:eu-central-1:123456789012:repository/a"}],"removeQueryParameters":[]}`},
		{[]string{"PUT", "/v2/a/manifests/sha256:0?tag=v1&tag=latest"}, exitDone, `{"operation":"PutManifest","repository":"a","reference":"sha256:0","tags":["v1","latest"],"permissions":[`},
		{[]string{"GET", "/v2/" + strings.Repeat("a", 255) + "/tags/list"}, exitDone, `"operation":"ListTags"`},
		{[]string{"GET", "/v2/" + strings.Repeat("a", 256) + "/tags/list"}, exitFailure, `{"refused":"NAME_INVALID"`},
		{[]string{"GET", "/v2/" + strings.Repeat("a", 256) + "/tags/list", "--ecr-names"}, exitDone, `"operation":"ListTags"`},
		{[]string{"GET", "/v2/" + strings.Repeat("a", 257) + "/tags/list", "--ecr-names"}, exitFailure, `{"refused":"NAME_INVALID"`},
		{[]string{"GET", "/v2/../a"}, exitFailure, `{"refused":`},
		{[]string{"GET", "/v2/", "-H", "X-HTTP-Method-Override: DELETE"}, exitFailure, `{"refused":"UNSUPPORTED","message":"header \"x-http-method-override\"`},
		{[]string{"", ""}, exitFailure, `{"refused":"UNSUPPORTED"`},
		{[]string{"--", "GET", "-x"}, exitFailure, `{"refused":"UNSUPPORTED"`},
		{[]string{"GET\x00", "/v2/\xff\n"}, exitFailure, `{"refused":"NAME_INVALID"`},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := commandRun{args: append([]string{"map"}, c.args...)}
			r.do(t)
			if r.code != c.code || r.stderr != "" || !strings.Contains(r.stdout, c.want) || strings.Count(r.stdout, "\n") != 1 || !json.Valid([]byte(r.stdout)) {
				t.Errorf("exit %d, stdout %q, stderr %q; want %d, %s", r.code, r.stdout, r.stderr, c.code, c.want)
			}
		})
	}
}

func TestMapMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "a method and a path are required, not 0 arguments; write METHOD PATH"},
		{[]string{"GET"}, "a method and a path are required, not 1 arguments; write METHOD PATH"},
		{[]string{"GET", "/v2/", "x"}, "a method and a path are required, not 3 arguments; write METHOD PATH"},
		{[]string{"GET", "/v2/", "--fly"}, "unknown flag --fly; see extauthz help map"},
		{[]string{"GET", "/v2/", "--account", "12"}, `account "12" is not valid; write twelve digits`},
		{[]string{"GET", "/v2/", "--region", ""}, `region "" is not valid; write`},
		{[]string{"GET", "/v2/", "--partition", "*"}, `partition "*" is not valid; write`},
		{[]string{"GET", "/v2/", "--pull-through", "hub/"}, `pull-through prefix "hub/"`},
		{[]string{"GET", "/v2/", "-H", "Authorization Basic c2VjcmV0"}, "a --header has no name; write NAME: VALUE"},
		{[]string{"--tsv", "-H", "A: b"}, "--header cannot be combined with --tsv; write the headers into the third column"},
		{[]string{"--tsv", "a", "b"}, `unexpected argument "b"; give one file`},
		{[]string{"--tsv", filepath.Join(t.TempDir(), "none.tsv")}, syscall.ENOENT.Error()},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := commandRun{args: append([]string{"map"}, c.args...)}
			r.do(t)
			if r.code != exitInput || r.stdout != "" || !strings.HasPrefix(r.stderr, "extauthz map: ") || strings.Count(r.stderr, "\n") != 1 ||
				!strings.Contains(r.stderr, c.want) || strings.Contains(r.stderr, "c2VjcmV0") {
				t.Errorf("exit %d, stdout %q, stderr %q; want %q", r.code, r.stdout, r.stderr, c.want)
			}
		})
	}
}
