package envoy

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"extauthz/authz"
	"extauthz/mapping"
)

// mustRespond returns the message of a response in the wire format. It compares it with the
// message that is built from generated types.
func mustRespond(t testing.TB, r *authz.Result, metadata Metadata) *authv3.CheckResponse {
	t.Helper()
	m := mustDecode(t, response(r, metadata, new(removals)))
	if want := toResponse(r, metadata); !proto.Equal(m, want) {
		t.Errorf("got  %v\nwant %v", m, want)
	}
	return m
}

// mustDecode decodes a response. It must not contain unknown fields.
func mustDecode(t testing.TB, answer []byte) *authv3.CheckResponse {
	t.Helper()
	m := new(authv3.CheckResponse)
	if err := proto.Unmarshal(answer, m); err != nil {
		t.Fatalf("%x: %v", answer, err)
	}
	return m
}

// TestResponseAllows checks the response of an allowed request.
func TestResponseAllows(t *testing.T) {
	m := mustRespond(t, &authz.Result{
		Decision: authz.Allowed, Principal: "arn:aws:iam::1:user/a", Repository: "team/app", Operation: "MountBlob",
		Evaluations: []authz.Evaluation{{Action: "ecr:GetAuthorizationToken"}, {Action: "ecr:InitiateLayerUpload"}},
		Answer:      authz.Answer{Allowed: true, RemoveHeaders: []string{"authorization"}, RemoveQueryParameters: []string{"mount", "from"}},
	}, allMetadata)
	ok := m.GetOkResponse()
	if m.GetStatus().GetCode() != int32(codes.OK) || !slices.Equal(ok.GetHeadersToRemove(), []string{"authorization"}) ||
		!slices.Equal(ok.GetQueryParametersToRemove(), []string{"mount", "from"}) {
		t.Errorf("response %v", m)
	}
	checkMetadata(t, m, map[string]any{"decision": "allowed", "action": "ecr:InitiateLayerUpload",
		"principal": "arn:aws:iam::1:user/a", "repository": "team/app", "operation": "MountBlob"})
}

// TestResponseDenies checks the response for each status.
func TestResponseDenies(t *testing.T) {
	for _, c := range []struct {
		status int
		code   codes.Code
	}{{401, codes.Unauthenticated}, {403, codes.PermissionDenied}, {404, codes.PermissionDenied}, {503, codes.Unavailable}} {
		m := mustRespond(t, &authz.Result{Decision: authz.ImplicitDeny, Repository: "team/app",
			Evaluations: []authz.Evaluation{{Action: "ecr:GetAuthorizationToken"}, {Action: "ecr:PutImage"}},
			Answer:      authz.Answer{Status: c.status, Body: []byte("{}"), Headers: []mapping.Header{{Name: "content-type", Value: "application/json"}}}}, allMetadata)
		denied := m.GetDeniedResponse()
		if m.GetStatus().GetCode() != int32(c.code) || int(denied.GetStatus().GetCode()) != c.status || denied.GetBody() != "{}" {
			t.Errorf("%d: response %v", c.status, m)
		}
		h := denied.GetHeaders()
		if len(h) != 1 || h[0].GetHeader().GetKey() != "content-type" || h[0].GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			t.Errorf("headers %v", h)
		}
		checkMetadata(t, m, map[string]any{"decision": "implicitDeny", "action": "ecr:PutImage", "repository": "team/app"})
	}
}

// TestResponseOfNothing checks that the zero result denies.
func TestResponseOfNothing(t *testing.T) {
	m := mustRespond(t, &authz.Result{}, allMetadata)
	if m.GetStatus().GetCode() == int32(codes.OK) || m.GetOkResponse() != nil || m.GetDeniedResponse().GetStatus().GetCode() != 403 {
		t.Errorf("response %v", m)
	}
}

func checkMetadata(t *testing.T, m *authv3.CheckResponse, want map[string]any) {
	t.Helper()
	if got := m.GetDynamicMetadata().AsMap(); !reflect.DeepEqual(got, want) {
		t.Errorf("metadata %v, want %v", got, want)
	}
}

// results returns a result of every kind: with each outcome, status and field, and with text
// that is not UTF-8.
func results() []*authz.Result {
	long := strings.Repeat("long text ", 40)
	results := []*authz.Result{{}, authz.Unavailable("a reason"), &allowedPull}
	for _, text := range []string{"", "a", "é", "\xff", long[:127], long[:128], long, strings.Repeat(long, 50)} {
		for _, status := range []int{0, 200, 400, 401, 403, 404, 413, 421, 429, 431, 503} {
			results = append(results, &authz.Result{
				Decision: authz.ImplicitDeny, ID: text, Principal: text, Repository: text, Registry: text, Operation: text, Digest: text,
				Evaluations: []authz.Evaluation{{}, {}},
				Answer: authz.Answer{
					Status: status, Body: []byte(text),
					Headers: []mapping.Header{{}, {Name: "content-type", Value: text}, {Name: text, Value: "a"}},
				},
			})
		}
		results = append(results, &authz.Result{
			Decision: authz.Allowed, ID: text, Principal: text,
			Answer: authz.Answer{Allowed: true, RemoveHeaders: []string{"a", text}, RemoveQueryParameters: []string{text, "b"}},
		})
	}
	return results
}

// TestResponseIsTheGeneratedType compares responses of every kind, with every set of metadata,
// with those of the generated type.
func TestResponseIsTheGeneratedType(t *testing.T) {
	for _, r := range results() {
		for _, metadata := range []Metadata{0, 1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, DefaultMetadata, allMetadata} {
			mustRespond(t, r, metadata)
		}
	}
}

// TestResponseIsSmall checks the size of the response to an allowed pull.
func TestResponseIsSmall(t *testing.T) {
	r := allowedPull
	for _, c := range []struct {
		metadata Metadata
		remove   []string
		want     int
	}{
		{0, nil, 4},
		{0, r.Answer.RemoveHeaders, 19},
		{mustParse(t, "decision,action,decision_id"), r.Answer.RemoveHeaders, 130},
		{DefaultMetadata, nil, 207},
		{allMetadata, mapping.RemoveHeaders(), 578},
	} {
		r.Answer.RemoveHeaders = c.remove
		if got := len(response(&r, c.metadata, new(removals))); got != c.want {
			t.Errorf("with metadata %s and %d headers to remove: %d bytes, want %d", c.metadata, len(c.remove), got, c.want)
		}
	}
}

func mustParse(t *testing.T, text string) (m Metadata) {
	t.Helper()
	if err := m.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMetadataText checks the text form of metadata.
func TestMetadataText(t *testing.T) {
	for _, c := range []struct {
		text string
		want Metadata
		form string // the names in order
	}{
		{"none", 0, "none"},
		{"decision", 1, "decision"},
		{"action,decision", 5, "decision,action"},
		{"decision,decision", 1, "decision"},
		{"decision,principal,action,repository,decision_id", DefaultMetadata, "decision,principal,action,repository,decision_id"},
		{"policy_digest,operation,registry,decision_id,repository,action,principal,decision", allMetadata, "decision,principal,action,repository,decision_id,registry,operation,policy_digest"},
	} {
		if got := mustParse(t, c.text); got != c.want || got.String() != c.form {
			t.Errorf("%q is %d %q, want %d %q", c.text, got, got, c.want, c.form)
		}
	}
	for _, text := range []string{"", "all", "decision,", "decision, action", "none,decision", "Decision", "policy-digest"} {
		m := DefaultMetadata
		err := m.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "is not a field of a decision; write none, or names from the list decision,principal,") || m != DefaultMetadata {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
}
