// Package config reads and checks the YAML files of a policy directory: registries.yaml,
// organization.yaml and principals.yaml, which lists principals, their credentials and the
// issuers of their tokens.
//
// Each file is read into one value that does not change later. The value contains the
// positions of the entries, for faults that are found later. Reading continues after a
// fault, and the error contains all faults of the file that do not follow from others: a
// value that cannot be decoded, or whose key is misspelled, is not checked, and neither is
// what depends on it. The value that is returned with an error contains what is correct, so
// that other files can be checked against it.
package config
