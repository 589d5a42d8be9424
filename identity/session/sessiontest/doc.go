// Package sessiontest makes keys of session tokens for tests.
package sessiontest
