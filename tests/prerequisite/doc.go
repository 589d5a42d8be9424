// Package prerequisite ends a test that needs something that is missing on this machine,
// such as a program that it runs.
package prerequisite
