// Package dockercli runs Docker's client in tests. A command that fails ends the test, and what a
// test creates is removed after it, also if it failed.
package dockercli
