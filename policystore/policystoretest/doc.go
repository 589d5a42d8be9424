// Package policystoretest provides stores of policies for tests.
package policystoretest
