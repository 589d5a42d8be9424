// Package strictyaml reads YAML that operators write: strictly, so that nothing
// in it is passed over, and with positions, so that an error can name line and
// column.
//
// The map of the package:
//
//	file.go   Decode, and where values stand
//	plain.go  values that readers of YAML differ about
//	told.go   what the YAML library finds wrong, in the words of who writes the file
package strictyaml
