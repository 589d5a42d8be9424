// Package upstream authenticates allowed requests at the registry behind Envoy, with a
// credential that no client ever sees.
//
//	upstreams.yaml ──▶ Credential ──▶ Authorization of an allowed request
//	                       │ scope
//	                       ▼
//	                     Realm ──▶ the registry's token service (at most once per scope and lifetime)
//
// A [Credential] is a name and password, a fixed token, or a [Realm] that issues a token for
// each scope (Distribution, "Token Authentication Specification"). The credential replaces what
// the client sent. It is in no log, error or metric.
//
// One [Realms] serves all snapshots of the policy directory, so that a reload does not fetch
// the tokens again. A realm whose credential or URL changes is another realm.
package upstream
