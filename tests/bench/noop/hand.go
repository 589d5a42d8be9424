package main

import (
	"context"
	"fmt"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// handServer returns a server that reads checks by hand.
func handServer() *grpc.Server {
	allowed, err := proto.Marshal(&authv3.CheckResponse{
		Status:       &rpcstatus.Status{},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}},
	})
	if err != nil {
		panic(err) // a constant
	}
	answer := any(encoded(allowed))
	server := grpc.NewServer(grpc.ForceServerCodecV2(handCodec{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "envoy.service.auth.v3.Authorization",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Check", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return answer, decode(new(request))
		}}},
	}, struct{}{})
	return server
}

// encoded is an encoded answer.
type encoded []byte

// A request is the fields of a check that a decision depends on. All strings are parts of one.
type request struct {
	method, path, host     string
	principal, certificate string
	address                string
	headers                []header
}

type header struct{ name, value string }

// handCodec reads requests and writes encoded answers.
type handCodec struct{}

// Name returns the name of the codec that it replaces.
func (handCodec) Name() string { return "proto" }

// Marshal returns an encoded answer.
func (handCodec) Marshal(v any) (mem.BufferSlice, error) {
	answer, ok := v.(encoded)
	if !ok {
		return nil, fmt.Errorf("cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(answer)}, nil
}

// Unmarshal reads a request.
func (handCodec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*request)
	if !ok {
		return fmt.Errorf("cannot read a %T", v)
	}
	r.headers = make([]header, 0, 25)
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	message := buffer.ReadOnlyData()
	return r.descend(0, message, string(message))
}

// A path is the numbers of the fields from a CheckRequest to a value, as decimal digits of at
// most two for each: 1 is attributes, 104 is attributes.request, and so on.
type path int

// The paths of messages and values in a CheckRequest.
const (
	attributes        path = 1
	source            path = 101
	sourceAddress     path = 10101
	socketAddress     path = 1010101
	socketAddressHost path = 101010102
	sourcePrincipal   path = 10104
	sourceCertificate path = 10105
	requestPart       path = 104
	httpRequest       path = 10402
	httpMethod        path = 1040202
	httpPath          path = 1040204
	httpHost          path = 1040205
	headerMap         path = 1040213
	headerEntry       path = 104021301
	headerKey         path = 10402130101
	headerRawValue    path = 10402130103
)

// descend reads the fields of the message at a path. Text is the same as message.
func (r *request) descend(at path, message []byte, text string) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		m := protowire.ConsumeFieldValue(number, kind, message[n:])
		if m < 0 {
			return protowire.ParseError(m)
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n : n+m])
			if err := r.field(at*100+path(number), value, text[n+m-len(value):n+m]); err != nil {
				return err
			}
		}
		message, text = message[n+m:], text[n+m:]
	}
	return nil
}

// field reads a field.
func (r *request) field(at path, value []byte, text string) error {
	switch at {
	case attributes, source, sourceAddress, socketAddress, requestPart, httpRequest, headerMap:
		return r.descend(at, value, text)
	case headerEntry:
		r.headers = append(r.headers, header{})
		return r.descend(at, value, text)
	case headerKey:
		r.headers[len(r.headers)-1].name = text
	case headerRawValue:
		r.headers[len(r.headers)-1].value = text
	case socketAddressHost:
		r.address = text
	case sourcePrincipal:
		r.principal = text
	case sourceCertificate:
		r.certificate = text
	case httpMethod:
		r.method = text
	case httpPath:
		r.path = text
	case httpHost:
		r.host = text
	}
	return nil
}
