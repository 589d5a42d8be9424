package policystore

import (
	"extauthz/diag"
	"extauthz/strictyaml"
)

// A yamlFile is a YAML document whose values can be traced to their lines.
type yamlFile struct {
	name string
	file *strictyaml.File
}

// decodeYAML reads one strict YAML document into value.
func decodeYAML(name string, text []byte, value any) (*yamlFile, error) {
	file, err := strictyaml.Decode(name, text, value)
	return &yamlFile{name, file}, err
}

// errorAt places an error at the value that path leads to: strings are keys,
// numbers are positions in a list. Where a step is missing it stays at the
// last that is there.
func (f *yamlFile) errorAt(err error, path ...any) error { return f.file.ErrorAt(err, path...) }

// findingAt places a finding likewise.
func (f *yamlFile) findingAt(code, problem, remedy string, path ...any) diag.Diagnostic {
	return diag.Diagnostic{Position: diag.File(f.name).At(f.position(path)), Severity: diag.Warning, Code: code, Problem: problem, Remedy: remedy}
}

func (f *yamlFile) position(path []any) diag.Point {
	at := f.file.At(path...)
	return diag.Point{Line: at.Line, Column: at.Column}
}
