package envoy

import (
	"context"
	"errors"

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

// call is a check in progress: the message that arrived and then the answer to it.
type call struct {
	message  mem.Buffer // nil if the message is larger than MaxMessage
	answer   []byte
	response [1]mem.Buffer // the answer, as gRPC takes it
}

// checkCodec is gRPC's protobuf codec, except that it passes checks and their answers on as
// they are. Reading a check never fails: gRPC would answer a message that it cannot read
// with an error. For Envoy an error is a failed check, which failure_mode_allow lets
// through, while a denial denies.
type checkCodec struct{ encoding.CodecV2 }

func newCheckCodec() checkCodec { return checkCodec{encoding.GetCodecV2(proto.Name)} }

// Unmarshal decodes data into v. The memory of a check belongs to the call until its message
// is freed.
func (c checkCodec) Unmarshal(data mem.BufferSlice, v any) error {
	check, ok := v.(*call)
	switch {
	case !ok:
		return c.CodecV2.Unmarshal(data, v)
	case data.Len() <= MaxMessage:
		check.message = data.MaterializeToBuffer(mem.DefaultBufferPool())
	}
	return nil
}

// Marshal encodes v.
func (c checkCodec) Marshal(v any) (mem.BufferSlice, error) {
	check, ok := v.(*call)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	check.response[0] = mem.SliceBuffer(check.answer)
	return check.response[:], nil
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
	server, check := service.(Authorization), new(call)
	if err := decode(check); err != nil {
		return nil, err
	}
	if check.message == nil {
		check.answer = server.Unreadable(ctx, errTooLarge)
		return check, nil
	}
	defer check.message.Free()
	check.answer = server.Check(ctx, check.message.ReadOnlyData())
	return check, nil
}
