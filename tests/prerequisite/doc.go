// Package prerequisite skips a test if something that it needs is missing on this machine,
// such as a program. With CI=true the test fails instead.
package prerequisite
