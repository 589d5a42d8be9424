// Package schemas holds the JSON Schemas for editors to what the program reads.
//
//	agree_test.go     the schemas have the keys of the program's structs
//	validate_test.go  the schemas take what the program takes
//	policies_test.go  the same of policies and tags
//	values_test.go    both judge every kind of value alike
package schemas
