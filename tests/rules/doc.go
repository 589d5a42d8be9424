// Package rules contains the rules of this repository as tests: which package imports
// which, which modules the product depends on, that names are documented and functions
// short, that the commands, links and files of every README work, that the examples load
// in extauthz and in Envoy, and which words and texts the project does not use.
package rules
