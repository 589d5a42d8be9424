// Package mesh checks the examples for service meshes with what the control planes make of them.
//
// The files in testdata are what Envoy received from each control plane: the listener with the
// ext_authz filter, and its routes. TestRecorded runs Envoy with them, so that the settings that a
// control plane chooses are tested without it. `make mesh-test` builds the control planes, runs
// them with the examples, sends the same requests, and compares the files with what Envoy receives.
//
// TestXDS sends the same requests to an Envoy that reads its configuration from files, and
// TestXDSUpdates changes these files.
package mesh
