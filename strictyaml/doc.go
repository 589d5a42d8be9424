// Package strictyaml reads YAML that operators write: strictly, so that nothing
// in it is passed over, and with positions, so that an error can name line and
// column.
//
// The map of the package:
//
//	file.go   Decode, and where values stand
//	value.go  values read into structs, maps and lists
//	plain.go  single values, of which readers of YAML differ about some
//	syntax.go what is not YAML, and in which line
//	told.go   what is wrong, in the words of who writes the file
package strictyaml
