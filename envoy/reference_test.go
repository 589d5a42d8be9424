package envoy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"extauthz/authz"
	"extauthz/mapping"
)

// This file converts messages by their generated types: the slow, obvious form of what
// readCheck and response do with bytes.

// toRequest returns the parts of a CheckRequest that the answer depends on. Absent parts are
// empty, which denies.
func toRequest(m *authv3.CheckRequest, now time.Time) *authz.CheckRequest {
	attributes := m.GetAttributes()
	http := attributes.GetRequest().GetHttp()
	source := attributes.GetSource()
	r := &authz.CheckRequest{
		Method:               http.GetMethod(),
		Path:                 http.GetPath(),
		Host:                 http.GetHost(),
		Peer:                 source.GetAddress().GetSocketAddress().GetAddress(),
		Principal:            source.GetPrincipal(),
		Certificate:          []byte(source.GetCertificate()),
		SNI:                  attributes.GetTlsSession().GetSni(),
		DestinationPrincipal: attributes.GetDestination().GetPrincipal(),
		Metadata:             claims(attributes.GetMetadataContext()),
		Extensions:           extensions(attributes.GetContextExtensions()),
		Time:                 now,
	}
	addHeaders(r, http)
	return r
}

func extensions(all map[string]string) authz.Extensions {
	return authz.Extensions{Registry: all[registryExtension], TrustedHeader: all[headerExtension], AllHeaders: all[headersExtension] == allHeaders}
}

// claims returns the metadata of jwt_authn, by the payload_in_metadata of its providers. It is
// nil if there is none.
func claims(metadata *corev3.Metadata) map[string]any {
	verified := metadata.GetFilterMetadata()[jwtAuthn]
	if len(verified.GetFields()) == 0 {
		return nil
	}
	return verified.AsMap()
}

// addHeaders adds the headers in either encoding. Envoy fills the map or, with
// encode_raw_headers, the list with raw values, and never both. All headers are added, because
// the policy directory determines which of them count.
func addHeaders(r *authz.CheckRequest, http *authv3.AttributeContext_HttpRequest) {
	raw := http.GetHeaderMap().GetHeaders()
	if n := len(http.GetHeaders()) + len(raw); n > 0 {
		r.Headers = make([]mapping.Header, 0, n)
	}
	for _, name := range slices.Sorted(maps.Keys(http.GetHeaders())) {
		addHeader(r, name, http.GetHeaders()[name])
	}
	for _, h := range raw {
		addHeader(r, h.GetKey(), headerValue(h))
	}
}

func headerValue(h *corev3.HeaderValue) string {
	if len(h.GetRawValue()) > 0 {
		return string(h.GetRawValue())
	}
	return h.GetValue()
}

// addHeader adds a header. It ignores the parts of the request line in Envoy's map, whose
// names begin with a colon.
func addHeader(r *authz.CheckRequest, name, value string) {
	switch {
	case name == "" || name[0] == ':':
		return
	case name == "x-request-id":
		r.ID = value
	}
	r.Headers = append(r.Headers, mapping.Header{Name: name, Value: value})
}

// toResponse returns the CheckResponse of a result.
func toResponse(r *authz.Result, names Metadata) *authv3.CheckResponse {
	response := &authv3.CheckResponse{DynamicMetadata: metadataStruct(r, names)}
	if r.Answer.Allowed {
		response.Status = &rpcstatus.Status{Code: int32(codes.OK)}
		response.HttpResponse = &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{
			HeadersToRemove:         validTexts(r.Answer.RemoveHeaders),
			QueryParametersToRemove: validTexts(r.Answer.RemoveQueryParameters),
		}}
		return response
	}
	status := cmp.Or(r.Answer.Status, 403)
	response.Status = &rpcstatus.Status{Code: int32(denialCode(status))}
	response.HttpResponse = &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{
		Status:  &typev3.HttpStatus{Code: typev3.StatusCode(status)},
		Headers: responseHeaders(r.Answer.Headers),
		Body:    validText(string(r.Answer.Body)),
	}}
	return response
}

// responseHeaders returns the headers of a response. It sets append_action, whose default
// appends and had another effect in older versions of Envoy.
func responseHeaders(headers []mapping.Header) []*corev3.HeaderValueOption {
	options := make([]*corev3.HeaderValueOption, len(headers))
	for i, h := range headers {
		options[i] = &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: validText(h.Name), Value: validText(h.Value)},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		}
	}
	return options
}

// metadataStruct returns some fields of the decision, nil for none.
func metadataStruct(r *authz.Result, names Metadata) *structpb.Struct {
	if names == 0 {
		return nil
	}
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, text := range map[string]string{
		"decision": r.Decision.String(), "action": r.Action(), "repository": r.Repository, "principal": r.Principal,
		"registry": r.Registry, "operation": r.Operation, "policy_digest": r.Digest, "decision_id": r.ID,
	} {
		if text != "" && slices.Contains(strings.Split(names.String(), ","), name) {
			s.Fields[name] = structpb.NewStringValue(validText(text))
		}
	}
	return s
}

// validText returns text that a message can contain.
func validText(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

func validTexts(texts []string) []string {
	valid := slices.Clone(texts)
	for i := range valid {
		valid[i] = validText(valid[i])
	}
	return valid
}
