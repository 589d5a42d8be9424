package e2e

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Request is a request as fields on the wire, which may contain any bytes: pseudo headers
// first.
type http2Request struct {
	fields []hpack.HeaderField
	body   string
}

// field returns one field.
func field(name, value string) hpack.HeaderField { return hpack.HeaderField{Name: name, Value: value} }

// exchangeHTTP2 sends a request over a new connection that starts with HTTP/2 (RFC 9113,
// section 3.3), and returns the status of the answer: "" if the stream or the connection is
// closed without one.
func exchangeHTTP2(address string, r *http2Request) (status string, err error) {
	connection, err := net.DialTimeout("tcp", address, busy)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(busy)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
		return "", err
	}
	framer := http2.NewFramer(connection, connection)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := r.write(framer); err != nil {
		return "", err
	}
	return readStatus(framer)
}

// write sends the request as the first stream.
func (r *http2Request) write(framer *http2.Framer) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range r.fields {
		if err := encoder.WriteField(f); err != nil {
			return err
		}
	}
	if err := framer.WriteSettings(); err != nil {
		return err
	}
	err := framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: r.body == "",
	})
	if err != nil || r.body == "" {
		return err
	}
	return framer.WriteData(1, true, []byte(r.body))
}

// readStatus reads frames up to the answer's headers or the end.
func readStatus(framer *http2.Framer) (string, error) {
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				return "", err
			}
			return "", nil
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame.PseudoValue("status"), nil
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return "", nil
		}
	}
}
