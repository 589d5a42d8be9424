// Package strictyaml reads YAML that operators write: strictly, so that nothing
// in it is passed over, and with positions, so that an error can name line and
// column.
package strictyaml
