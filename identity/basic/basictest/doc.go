// Package basictest makes password files for tests, as htpasswd does.
package basictest
