// Package envoy serves Envoy's ext_authz v3 API over gRPC.
//
// It converts a CheckRequest to an [authz.CheckRequest] and an [authz.Result] to a
// CheckResponse, and decides nothing itself. It guarantees that every check is answered and
// that no fault becomes an allow. The server is configured for Envoy: it accepts Envoy's
// pings, answers its health checks, and stops within a given time.
//
// Every resource that a client can exhaust has a limit: the size of a check, the number of
// checks on a connection, the number of connections, and the time for a handshake.
//
// # Messages
//
// Reading and writing messages with the generated types would cost more than deciding. A
// check is therefore read from protobuf's wire format, and its answer is appended in that
// format. A check is read in one pass, which rejects a message that protobuf would reject,
// finds the fields that count, and copies them, because gRPC reuses the memory of the message.
// What it checks follows from the types' descriptors, so that no list of fields can be
// incomplete. The tests compare both directions with the generated types.
package envoy
