package diag

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
)

// The parts of a SARIF log that WriteSARIF writes (Static Analysis Results
// Interchange Format 2.1.0, OASIS Standard).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string     `json:"id"`
		Short         sarifText  `json:"shortDescription"`
		Full          sarifText  `json:"fullDescription"`
		Help          sarifText  `json:"help"`
		Configuration sarifLevel `json:"defaultConfiguration"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`

		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// A Rule describes the diagnostics of one code.
type Rule struct {
	Code     string
	Severity Severity
	Summary  string // one sentence
	Why      string // why it matters
	Fix      string // what to do
	Markdown string // the whole page about it
}

// A Tool is a command that finds diagnostics.
type Tool struct {
	Name    string // such as "extauthz lint"
	Version string // of the program
	Rules   []Rule // of all codes
}

// WriteSARIF writes a SARIF 2.1.0 log with one run of a tool. prefix is the path from the
// root of a repository to the directory that the names of files begin in.
func WriteSARIF(w io.Writer, l List, tool Tool, prefix string) error {
	rules := tool.Rules
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: tool.Name, Version: tool.Version}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, 0, len(l)),
	}
	for _, r := range rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: r.Code, Short: sarifText{Text: r.Summary}, Full: sarifText{Text: r.Why},
			Help: sarifText{Text: r.Fix, Markdown: r.Markdown}, Configuration: sarifLevel{level(r.Severity)},
		})
	}
	marks := fingerprints(l)
	for i, d := range l {
		index := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == d.Code })
		run.Results = append(run.Results, sarifResult{
			RuleID: d.Code, RuleIndex: index, Level: level(d.Severity), Message: sarifText{Text: d.inFileMessage()},
			Locations:           []sarifLocation{{sarifPhysical{sarifArtifact{uri(prefix, d.File)}, region(d.InFile())}, logical(d.pointer())}},
			PartialFingerprints: map[string]string{"findingWithoutPlace/v1": marks[i]},
		})
	}
	return writeIndented(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// fingerprints identify findings by everything but their positions, so that a finding
// is recognized after lines were added before it: a hash, and the number of the finding
// among those with the same hash.
func fingerprints(l List) []string {
	marks, seen := make([]string, len(l)), map[string]int{}
	for i, d := range l {
		hash := sha256.Sum256([]byte(d.Code + "\x00" + d.File + "\x00" + d.identity()))
		mark := hex.EncodeToString(hash[:16])
		seen[mark]++
		marks[i] = fmt.Sprintf("%s:%d", mark, seen[mark])
	}
	return marks
}

// level returns SARIF's word for a severity.
func level(s Severity) string {
	if s == Suggestion {
		return "note"
	}
	return s.String()
}

// uri returns the path of a file as a relative reference (RFC 3986, section 4.2), and
// an absolute path as a URI.
func uri(prefix, file string) string {
	if path.IsAbs(file) {
		return (&url.URL{Scheme: "file", Path: file}).String()
	}
	return (&url.URL{Path: path.Join(prefix, file)}).String()
}

// logical returns the place in a document, nil if it is unknown.
func logical(pointer string) []sarifLogical {
	if pointer == "" {
		return nil
	}
	return []sarifLogical{{pointer}}
}

// region returns the place in a file, nil if it is unknown.
func region(p Point) *sarifRegion {
	if p.Line == 0 {
		return nil
	}
	return &sarifRegion{int(p.Line), int(p.Column)}
}
