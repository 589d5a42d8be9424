// Package envoy is the door through which Envoy asks: the ext_authz v3 service
// over gRPC.
//
// The door is thin. It turns a CheckRequest into an [authz.Request] and an
// [authz.Result] into a CheckResponse, and decides nothing by itself. What it
// promises is that every check is answered, that no fault becomes an allow, and
// that the server suits Envoy: its pings are tolerated, its health checks
// answered, and draining ends.
package envoy
