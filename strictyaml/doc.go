// Package strictyaml reads the YAML files of operators. It ignores nothing in them,
// accepts only what all readers of YAML understand in the same way, and reports each
// fault with its line and column.
package strictyaml
