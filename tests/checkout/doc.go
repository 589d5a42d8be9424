// Package checkout finds the folders of the checkout that a program of the tests' module was
// compiled from.
package checkout
