// Package envoy is the door through which Envoy asks: the ext_authz v3 service
// over gRPC.
//
// The door is thin. It turns a CheckRequest into an [authz.Request] and an
// [authz.Result] into a CheckResponse, and decides nothing by itself. What it
// promises is that every check is answered, that no fault becomes an allow, and
// that the server suits Envoy: its pings are tolerated, its health checks
// answered, and draining ends.
//
// The map of the package:
//
//	service.go       Service.Check: request, answer, response
//	request.go       CheckRequest → authz.Request, both header encodings
//	checkrequest.go  ParseCheckRequest: a CheckRequest in JSON
//	fault.go         the place in a CheckRequest that cannot be read
//	response.go      authz.Result → CheckResponse, dynamic metadata
//	server.go        Server: gRPC, keepalive, health, bounded drain
//	codec.go         reading a check so that one that cannot be read is denied
//	limit.go         LimitConnections: a listener with a bounded number of connections
//	listen.go        Listen: TCP or a unix socket, stale sockets replaced
//	address.go       the addresses that flags take
//	tls.go           TLS and mTLS for the listener, certificates renewed on disk
package envoy
