package envoy

import (
	"context"
	"errors"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// Limits on the size of a CheckRequest, in bytes.
const (
	// MaxMessage is the size above which a check is denied without being decoded.
	// Envoy accepts 60 KiB of request headers by default.
	MaxMessage = 4 << 20

	// maxReceived is the size above which gRPC refuses a message with an error. A check
	// without a body is smaller: Envoy accepts 8 MiB of request headers at most, and a
	// check contains the path twice and all other text once.
	maxReceived = 32 << 20
)

// The reasons why a check could not be read.
var (
	errTooLarge  = errors.New("the check is larger than 4 MiB")
	errMalformed = errors.New("the check cannot be decoded")
)

// receivedCheck is a CheckRequest as it arrived: decoded, or with the reason why it could not
// be decoded.
type receivedCheck struct {
	message authv3.CheckRequest
	err     error // errTooLarge or errMalformed
}

// checkCodec is gRPC's protobuf codec, except that reading a CheckRequest never fails. gRPC
// answers a message that it cannot read with an error. For Envoy an error is a failed check,
// which failure_mode_allow lets through, while a denial denies.
type checkCodec struct{ encoding.CodecV2 }

func newCheckCodec() checkCodec { return checkCodec{encoding.GetCodecV2(proto.Name)} }

// Unmarshal decodes data into v.
func (c checkCodec) Unmarshal(data mem.BufferSlice, v any) error {
	check, ok := v.(*receivedCheck)
	switch {
	case !ok:
		return c.CodecV2.Unmarshal(data, v)
	case data.Len() > MaxMessage:
		check.err = errTooLarge
	case c.CodecV2.Unmarshal(data, &check.message) != nil:
		check.err = errMalformed
	}
	return nil
}

// authorizationDesc describes the Authorization service to gRPC.
var authorizationDesc = grpc.ServiceDesc{
	ServiceName: ServiceName,
	HandlerType: (*Authorization)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Check", Handler: answerCheck}},
	Metadata:    "envoy/service/auth/v3/external_auth.proto",
}

// answerCheck reads a check with decode and answers it.
func answerCheck(service any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	server, check := service.(Authorization), new(receivedCheck)
	if err := decode(check); err != nil {
		return nil, err
	}
	if check.err != nil {
		return server.Unreadable(ctx, check.err), nil
	}
	return server.Check(ctx, &check.message)
}
