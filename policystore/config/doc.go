// Package config reads and checks the YAML files of a policy directory: registries.yaml,
// organization.yaml and principals.yaml, which lists principals, their credentials and the
// issuers of their tokens.
//
// Each file is read into one value that does not change later. The value contains the
// positions of the entries, for faults that are found later. Reading continues after a
// faulty entry, and the error contains all faults of the file. The value that is returned
// with an error contains only the entries without faults, so that other files can be
// checked against it.
package config
