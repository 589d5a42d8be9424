package drive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"extauthz/tests/bench/workload"
)

// timeout is the deadline of each check. It is longer than Envoy's usual one, so that a
// machine without a free processor makes answers late, and does not lose them.
const timeout = 20 * time.Second

// Windows of flow control, in bytes. Fixed windows that are larger than what is in flight have the
// client send what Envoy sends for a check: HEADERS and DATA. Otherwise grpc-go would send a PING
// and a WINDOW_UPDATE with most answers, to measure the connection, and the server would be woken
// up to answer them.
const (
	streamWindow     = 64 << 10
	connectionWindow = 1 << 20
)

// method is the gRPC method of a check.
const method = "/envoy.service.auth.v3.Authorization/Check"

// A Client has connections to one server.
type Client struct {
	connections []*grpc.ClientConn
	sequence    *workload.Sequence
}

// Dial returns a client with n connections to a gRPC target. The sequence numbers its checks.
func Dial(target string, n int, sequence *workload.Sequence) (*Client, error) {
	c := &Client{sequence: sequence}
	for range n {
		connection, err := grpc.NewClient(target,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithAuthority("ext-authz"),
			grpc.WithStaticStreamWindowSize(streamWindow),
			grpc.WithStaticConnWindowSize(connectionWindow),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{})))
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.connections = append(c.connections, connection)
	}
	return c, nil
}

// Close closes the connections.
func (c *Client) Close() error {
	var errs []error
	for _, connection := range c.connections {
		errs = append(errs, connection.Close())
	}
	return errors.Join(errs...)
}

// An answer is what a client reads of a CheckResponse.
type answer struct {
	allowed bool
	size    int // in bytes
}

// check sends an encoded check over the i-th connection, modulo their number.
func (c *Client) check(ctx context.Context, i int, message []byte, a *answer) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	*a = answer{}
	return c.connections[i%len(c.connections)].Invoke(ctx, method, message, a)
}

// codec passes encoded checks to gRPC, and reads of an answer only what is judged.
type codec struct{}

// Name returns the name that clients of protobuf use.
func (codec) Name() string { return "proto" }

// Marshal returns the bytes of an encoded check.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("cannot send a %T", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(message)}, nil
}

// Unmarshal reads an answer.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	a, ok := v.(*answer)
	if !ok {
		return fmt.Errorf("cannot read a %T", v)
	}
	text := data.Materialize()
	a.size = len(text)
	var err error
	a.allowed, err = allows(text)
	return err
}

// The fields of a CheckResponse, and of its status.
const (
	fieldStatus = 1
	fieldDenied = 2
	fieldOK     = 3
	fieldError  = 5
	fieldCode   = 1
)

// allows reports whether a CheckResponse allows: its status is OK, and it denies nothing.
func allows(response []byte) (bool, error) {
	ok, denied := true, false
	err := fields(response, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case fieldStatus:
			return fields(value, func(number protowire.Number, _ []byte, code uint64) error {
				ok = ok && (number != fieldCode || code == 0)
				return nil
			})
		case fieldDenied, fieldError:
			denied = true
		}
		return nil
	})
	return ok && !denied, err
}

// fields calls read with each field of a message: its bytes, or its number if it is a varint.
func fields(message []byte, read func(protowire.Number, []byte, uint64) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		var value []byte
		var varint uint64
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			varint, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := read(number, value, varint); err != nil {
			return err
		}
	}
	return nil
}
