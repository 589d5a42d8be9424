// Package rules holds the rules of this repository as tests.
//
//	imports_test.go   which package may import which
//	modules_test.go   which modules the product may depend on
//	docs_test.go      every package and every exported name is documented
//	maps_test.go      a package's map of its files is complete
//	shape_test.go     functions fit a screen
//	readme_test.go    what the README and the folders' pages tell people to type exists
//	export_test.go    the commands that export an account, fill a ConfigMap and write schemas work
//	examples_test.go  the examples load, in extauthz and in Envoy
//	words_test.go     what no file may mention
//	wording_test.go   nothing depends on the wording of a library
//	files_test.go     the files that the rules are about
package rules
