package envoy

import (
	"cmp"
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"

	"extauthz/authz"
	"extauthz/mapping"
)

// The usual sizes of a CheckResponse without lists and body, and of the name of a header.
const (
	usualResponse = 256
	usualName     = 24
)

// response returns the CheckResponse of a result in protobuf's wire format, with some fields
// of the decision as metadata. known are lists of headers that were encoded before.
func response(r *authz.Result, metadata Metadata, known *removals) []byte {
	b := make([]byte, 0, usualResponse+usualName*len(r.Answer.RemoveHeaders)+len(r.Answer.Body))
	if r.Answer.Allowed {
		b = appendAllowed(b, &r.Answer, known)
	} else {
		b = appendDenied(b, &r.Answer)
	}
	return metadata.append(b, r)
}

// appendAllowed appends the status OK and an OkHttpResponse.
func appendAllowed(b []byte, a *authz.Answer, known *removals) []byte {
	b = appendStatus(b, codes.OK)
	b, start := beginMessage(b, 3) // ok_response
	if a.Authorization != "" {
		b = appendHeader(b, mapping.Header{Name: "authorization", Value: a.Authorization})
	}
	b = known.append(b, a.RemoveHeaders)
	for _, name := range a.RemoveQueryParameters {
		b = appendText(b, 8, name) // query_parameters_to_remove
	}
	return endMessage(b, start)
}

// appendDenied appends a status and a DeniedHttpResponse.
func appendDenied(b []byte, a *authz.Answer) []byte {
	status := cmp.Or(a.Status, 403)
	b = appendStatus(b, denialCode(status))
	b, start := beginMessage(b, 2) // denied_response
	b, statusStart := beginMessage(b, 1)
	b = appendNumber(b, 1, uint64(status)) // code
	b = endMessage(b, statusStart)
	for _, h := range a.Headers {
		b = appendHeader(b, h)
	}
	if len(a.Body) > 0 {
		b = appendText(b, 3, string(a.Body))
	}
	return endMessage(b, start)
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

// appendStatus appends a google.rpc.Status. Its code is absent if it is OK, which is zero.
func appendStatus(b []byte, code codes.Code) []byte {
	b, start := beginMessage(b, 1)
	if code != codes.OK {
		b = appendNumber(b, 1, uint64(code))
	}
	return endMessage(b, start)
}

// appendHeader appends a HeaderValueOption. It sets append_action, whose default appends and
// had another effect in older versions of Envoy.
func appendHeader(b []byte, h mapping.Header) []byte {
	b, start := beginMessage(b, 2)
	b, headerStart := beginMessage(b, 1)
	b = appendText(b, 1, h.Name)
	b = appendText(b, 2, h.Value)
	b = endMessage(b, headerStart)
	b = appendNumber(b, 3, uint64(corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD))
	return endMessage(b, start)
}

// appendText appends a field that is text. Envoy refuses a message with text that is not
// UTF-8.
func appendText(b []byte, number protowire.Number, text string) []byte {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), text)
}

func appendNumber(b []byte, number protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), n)
}

// beginMessage begins a field that is a message. It returns where the content starts.
func beginMessage(b []byte, number protowire.Number) (_ []byte, start int) {
	b = append(protowire.AppendTag(b, number, protowire.BytesType), 0) // a length below 128 has one byte
	return b, len(b)
}

// endMessage ends a field that is a message, and inserts the length of its content.
func endMessage(b []byte, start int) []byte {
	size := len(b) - start
	if more := protowire.SizeVarint(uint64(size)) - 1; more > 0 {
		b = append(b, make([]byte, more)...)
		copy(b[start+more:], b[start:start+size])
	}
	protowire.AppendVarint(b[:start-1], uint64(size))
	return b
}
