// Command forward accepts TCP connections and forwards each to another address. A test runs it in the
// network of a container, to reach what listens there at a loopback address.
//
// Usage: forward LISTEN TARGET
//
// Both are HOST:PORT. It runs until it is ended.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: forward LISTEN TARGET")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "forward:", serve(os.Args[1], os.Args[2]))
	os.Exit(1)
}

// serve forwards connections. It returns an error when it cannot listen any more.
func serve(listen, target string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go forward(client, target)
	}
}

// forward copies in both directions until one end closes.
func forward(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // an error ends the connection, which is all that can be done
			done <- struct{}{}
		}()
	}
	<-done
}
