// Package config reads the YAML files of a policy directory into complete, checked values:
// the registries, the organization, and the principals with the credentials and issuers
// that lead to them.
//
// Each value is built once and not changed later. It contains the positions of what later
// stages may have to report. A reader collects all faults of a file; after a fault in one
// entry it continues with the next. What it returns with an error contains only entries
// without faults, so that other files can be checked against it: see
// [Registries.Incomplete].
package config
