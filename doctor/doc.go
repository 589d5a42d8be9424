// Package doctor finds what in a configuration of Envoy undoes the protection of a registry or
// harms its users: a request that is not checked, a check that Envoy does not wait for, a header
// that a client can forge.
//
//	bootstrap, xDS files, config dump ──▶ Config ──▶ Check ──▶ findings
//	                       policy directory ─────────▲
//
// A [Config] contains the listeners, routes and clusters of any number of files. Envoy itself
// checks that they are valid (envoy --mode validate); this package looks only at the fields that
// matter for the protection, under their names in YAML and in JSON (snake_case and camelCase). A
// request can reach the registry only through a connection manager or a TCP proxy. [Check]
// therefore goes through each of them, finds out for each route whether ext_authz checks it, and
// compares the clusters of routes without a check with those of routes with one.
//
// [Rules] describes the findings. What an input does not contain, such as routes that a control
// plane serves, is reported, because a check of the rest does not prove anything about it. The
// meaning of the fields is that of Envoy's API reference, version 1.40.
package doctor
