package envoy

import (
	"cmp"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"extauthz/authz"
	"extauthz/mapping"
)

// toResponse returns the CheckResponse of a result.
func toResponse(r *authz.Result) *authv3.CheckResponse {
	response := &authv3.CheckResponse{DynamicMetadata: metadata(r)}
	if r.Answer.Allowed {
		response.Status = &rpcstatus.Status{Code: int32(codes.OK)}
		response.HttpResponse = &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{
			HeadersToRemove:         r.Answer.RemoveHeaders,
			QueryParametersToRemove: r.Answer.RemoveQueryParameters,
		}}
		return response
	}
	status := cmp.Or(r.Answer.Status, 403)
	response.Status = &rpcstatus.Status{Code: int32(denialCode(status))}
	response.HttpResponse = &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{
		Status:  &typev3.HttpStatus{Code: typev3.StatusCode(status)},
		Headers: responseHeaders(r.Answer.Headers),
		Body:    string(r.Answer.Body),
	}}
	return response
}

// denialCode returns the gRPC code of a denial. Every code except OK denies, and the client
// sees the HTTP status.
func denialCode(status int) codes.Code {
	switch status {
	case 401:
		return codes.Unauthenticated
	case 503:
		return codes.Unavailable
	}
	return codes.PermissionDenied
}

// responseHeaders returns the headers of a response. It sets append_action, whose default
// appends and had another effect in older versions of Envoy.
func responseHeaders(headers []mapping.Header) []*corev3.HeaderValueOption {
	options := make([]*corev3.HeaderValueOption, len(headers))
	for i, h := range headers {
		options[i] = &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: h.Name, Value: h.Value},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		}
	}
	return options
}

// metadata returns the decision for Envoy's access log and later filters. Envoy puts it in the
// namespace envoy.filters.http.ext_authz.
func metadata(r *authz.Result) *structpb.Struct {
	fields := map[string]*structpb.Value{"decision": structpb.NewStringValue(r.Decision.String())}
	for name, text := range map[string]string{
		"action": r.Action(), "repository": r.Repository, "principal": r.Principal,
		"registry": r.Registry, "operation": r.Operation, "policy_digest": r.Digest,
	} {
		if text != "" {
			fields[name] = structpb.NewStringValue(text)
		}
	}
	return &structpb.Struct{Fields: fields}
}
