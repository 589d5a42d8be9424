package drive

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"extauthz/tests/bench/workload"
)

// A Caller is a client of a registry with one connection.
type Caller struct {
	Certificate tls.Certificate
	Requests    []workload.HTTPRequest

	next       int
	connection net.Conn
	reader     *bufio.Reader
}

// HTTP sends requests over HTTP/1.1 for some time in a closed loop. Each caller has one
// connection, which is kept for later calls. If allowsAll is set, every request must be
// allowed; otherwise each must have its own answer.
func HTTP(ctx context.Context, address string, callers []*Caller, allowsAll bool, duration time.Duration) *Tally {
	ctx, cancel := context.WithTimeout(ctx, duration+timeout)
	defer cancel()
	total, began := new(Tally), time.Now()
	var wait sync.WaitGroup
	var mu sync.Mutex
	for _, c := range callers {
		wait.Go(func() {
			t := new(Tally)
			for ctx.Err() == nil && time.Since(began) < duration {
				c.one(ctx, address, allowsAll, t)
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(t)
		})
	}
	wait.Wait()
	total.Took = time.Since(began)
	return total
}

// Close closes the connection.
func (c *Caller) Close() error {
	if c.connection == nil {
		return nil
	}
	return c.connection.Close()
}

// one sends a request and counts its answer.
func (c *Caller) one(ctx context.Context, address string, allowsAll bool, t *Tally) {
	request := &c.Requests[c.next%len(c.Requests)]
	c.next++
	sent := time.Now()
	status, err := c.exchange(ctx, address, request)
	if err != nil {
		t.Lost++
		t.FirstError = cmp.Or(t.FirstError, err)
		if c.connection != nil {
			c.connection.Close()
			c.connection = nil
		}
		return
	}
	t.Latency.Add(time.Since(sent))
	t.Checks++
	want := http.StatusOK
	if !allowsAll && !request.Allowed {
		want = http.StatusForbidden
	}
	if status != want {
		t.Wrong++
		t.FirstError = cmp.Or(t.FirstError, fmt.Errorf("status %d, want %d: %.80q", status, want, request.Text))
	}
}

// exchange sends a request and returns the status of the response.
func (c *Caller) exchange(ctx context.Context, address string, request *workload.HTTPRequest) (status int, err error) {
	if c.connection == nil {
		dialer := &tls.Dialer{Config: &tls.Config{Certificates: []tls.Certificate{c.Certificate}, InsecureSkipVerify: true}}
		if c.connection, err = dialer.DialContext(ctx, "tcp", address); err != nil {
			return 0, err
		}
		c.reader = bufio.NewReaderSize(c.connection, 16<<10)
	}
	if deadline, limited := ctx.Deadline(); limited {
		if err := c.connection.SetDeadline(deadline); err != nil {
			return 0, err
		}
	}
	if _, err := c.connection.Write(request.Text); err != nil {
		return 0, err
	}
	status, length, err := readHead(c.reader)
	if err == nil && !request.Head {
		_, err = io.CopyN(io.Discard, c.reader, int64(length))
	}
	return status, err
}

// readHead reads the status line and the headers of a response, and returns the status and
// the length of the body.
func readHead(r *bufio.Reader) (status, length int, err error) {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if len(line) < len("HTTP/1.1 200") {
				return 0, 0, errors.New("the response has no status line")
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, 0, err
			}
		case len(line) == 0:
			return status, length, nil
		default:
			if value, found := bytes.CutPrefix(line, []byte("content-length: ")); found {
				if length, err = strconv.Atoi(string(value)); err != nil {
					return 0, 0, err
				}
			}
		}
	}
}

// An Upstream is a registry that answers every request with an empty response.
type Upstream struct{ net.Listener }

// NewUpstream starts a server on a loopback address. Close ends it.
func NewUpstream() (*Upstream, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			go serveEmpty(connection)
		}
	}()
	return &Upstream{listener}, nil
}

// serveEmpty answers the requests of a connection, which have no body.
func serveEmpty(connection net.Conn) {
	defer connection.Close()
	r := bufio.NewReaderSize(connection, 16<<10)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			continue // the end of the headers is an empty line
		}
		if _, err := connection.Write([]byte("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")); err != nil {
			return
		}
	}
}
