// Package daemon runs programs in the background of a test.
package daemon
