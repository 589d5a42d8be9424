package envoy

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// A connection is an HTTP/2 connection of a client that sends checks as Envoy does: one
// after the other, with all headers of a call in the table of HPACK after the first call.
// It allocates nothing for a check, so that the allocations of a process that uses it are
// those of the server.
type connection struct {
	net.Conn
	in      *bufio.Reader
	out     []byte
	message []byte
	stream  uint32
	window  int
}

// callHeaders are the headers that Envoy 1.40 sends for a check.
var callHeaders = [...][2]string{
	{":method", "POST"}, {":path", "/" + ServiceName + "/Check"}, {":authority", "ext-authz"}, {":scheme", "http"},
	{"te", "trailers"}, {"grpc-timeout", "500m"}, {"content-type", "application/grpc"},
	{"x-envoy-internal", "true"}, {"x-forwarded-for", "192.0.2.1"}, {"x-envoy-expected-rq-timeout-ms", "500"},
}

// The types and flags of frames (RFC 9113, section 6).
const (
	dataFrame, headersFrame, settingsFrame, pingFrame, goAwayFrame, windowFrame = 0, 1, 4, 6, 7, 8

	endStream, ack, endHeaders = 1, 1, 4

	maxFrame = 16384
)

// connect returns a connection to a server.
func connect(t testing.TB, network, address string) *connection {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &connection{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10), stream: 1}
	c.out = append(c.out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"...)
	c.frame(settingsFrame, 0, 0, 0)
	return c
}

// frame appends the header of a frame.
func (c *connection) frame(kind, flags byte, stream uint32, length int) {
	c.out = append(c.out, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	c.out = binary.BigEndian.AppendUint32(c.out, stream)
}

// check sends a CheckRequest and returns the CheckResponse, which is valid until the next
// check.
func (c *connection) check(t testing.TB, request []byte) []byte {
	t.Helper()
	c.sendHeaders()
	c.sendMessage(request)
	if _, err := c.Write(c.out); err != nil {
		t.Fatal(err)
	}
	c.out, c.message = c.out[:0], c.message[:0]
	for {
		done, err := c.receive()
		switch {
		case err != nil:
			t.Fatal(err)
		case done && len(c.message) < 5:
			t.Fatalf("the answer has no message: %x", c.message)
		case done:
			c.stream += 2
			return c.message[5:]
		}
	}
}

// sendHeaders appends the headers of a call: literals that enter the table at first, and
// afterwards their indices (RFC 7541, section 6).
func (c *connection) sendHeaders() {
	start := len(c.out)
	c.frame(headersFrame, endHeaders, c.stream, 0)
	for i, h := range callHeaders {
		if c.stream > 1 {
			c.out = append(c.out, 0x80|byte(61+len(callHeaders)-i))
			continue
		}
		c.out = append(c.out, 0x40, byte(len(h[0])))
		c.out = append(c.out, h[0]...)
		c.out = append(c.out, byte(len(h[1])))
		c.out = append(c.out, h[1]...)
	}
	c.out[start+2] = byte(len(c.out) - start - 9)
	c.out[start+1] = byte((len(c.out) - start - 9) >> 8)
}

// sendMessage appends a message after its gRPC header, in frames of the default size.
func (c *connection) sendMessage(message []byte) {
	first := message[:min(len(message), maxFrame-5)]
	message = message[len(first):]
	c.frame(dataFrame, c.lastFlag(message), c.stream, 5+len(first))
	c.out = binary.BigEndian.AppendUint32(append(c.out, 0), uint32(len(first)+len(message)))
	c.out = append(c.out, first...)
	for len(message) > 0 {
		next := message[:min(len(message), maxFrame)]
		message = message[len(next):]
		c.frame(dataFrame, c.lastFlag(message), c.stream, len(next))
		c.out = append(c.out, next...)
	}
}

// lastFlag returns the flag of a frame that is followed by the rest of a message.
func (c *connection) lastFlag(rest []byte) byte {
	if len(rest) == 0 {
		return endStream
	}
	return 0
}

// receive receives one frame, and reports whether it ends the answer.
func (c *connection) receive() (done bool, err error) {
	header, err := c.in.Peek(9)
	if err != nil {
		return false, err
	}
	length := int(header[0])<<16 | int(header[1])<<8 | int(header[2])
	kind, flags, stream := header[3], header[4], binary.BigEndian.Uint32(header[5:])
	frame, err := c.in.Peek(9 + length)
	if err != nil {
		return false, err
	}
	content := frame[9:]
	switch {
	case kind == dataFrame && stream == c.stream:
		c.message = append(c.message, content...)
		c.window += length
	case kind == settingsFrame && flags&ack == 0:
		c.frame(settingsFrame, ack, 0, 0)
	case kind == pingFrame && flags&ack == 0:
		c.frame(pingFrame, ack, 0, length)
		c.out = append(c.out, content...)
	case kind == goAwayFrame:
		return false, io.ErrUnexpectedEOF
	}
	if c.window > 32<<10 {
		c.frame(windowFrame, 0, 0, 4)
		c.out = binary.BigEndian.AppendUint32(c.out, uint32(c.window))
		c.window = 0
	}
	_, err = c.in.Discard(9 + length)
	return (kind == headersFrame || kind == dataFrame) && flags&endStream != 0 && stream == c.stream, err
}
