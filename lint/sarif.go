package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
)

// The parts of a SARIF log that are written here (Static Analysis Results
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
		Physical sarifPhysical `json:"physicalLocation"`
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

// WriteSARIF writes a SARIF 2.1.0 log with one run, whose rules are all codes
// with their pages. Files are told by their path behind prefix, which leads from
// the root of a repository to the policy directory; version is the program's.
func WriteSARIF(w io.Writer, findings []Finding, prefix, version string) error {
	pages := Pages()
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "extauthz lint", Version: version}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, 0, len(findings)),
	}
	for _, p := range pages {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: p.Code, Short: sarifText{Text: p.Summary}, Full: sarifText{Text: p.Why},
			Help: sarifText{Text: p.Fix, Markdown: p.Text}, Configuration: sarifLevel{level(p.Severity)},
		})
	}
	marks := fingerprints(findings)
	for i, f := range findings {
		index := slices.IndexFunc(pages, func(p Page) bool { return p.Code == f.Code })
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Code, RuleIndex: index, Level: level(f.Severity), Message: sarifText{Text: f.Message},
			Locations:           []sarifLocation{{sarifPhysical{sarifArtifact{uri(prefix, f.Source)}, region(f)}}},
			PartialFingerprints: map[string]string{"findingWithoutPlace/v1": marks[i]},
		})
	}
	return writeIndented(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// otherPlaces are the places in a message, which move as the file is edited.
var otherPlaces = regexp.MustCompile(`\bline \d+|\b\d+:\d+\b`)

// fingerprints tell findings apart by all but their place, so that a finding is known
// again after lines were added before it: a hash, and how many like it went before.
func fingerprints(findings []Finding) []string {
	marks, seen := make([]string, len(findings)), map[string]int{}
	for i, f := range findings {
		hash := sha256.Sum256([]byte(f.Code + "\x00" + f.Source + "\x00" + otherPlaces.ReplaceAllString(f.Message, "")))
		mark := hex.EncodeToString(hash[:16])
		seen[mark]++
		marks[i] = fmt.Sprintf("%s:%d", mark, seen[mark])
	}
	return marks
}

// level is SARIF's word for a severity.
func level(s Severity) string {
	if s == Suggestion {
		return "note"
	}
	return s.String()
}

// uri is a file's path as a relative reference (RFC 3986, section 4.2), that of a
// file elsewhere as a URI.
func uri(prefix, source string) string {
	if path.IsAbs(source) {
		return (&url.URL{Scheme: "file", Path: source}).String()
	}
	return (&url.URL{Path: path.Join(prefix, source)}).String()
}

// region is where in its file a finding is, nil where that is not known.
func region(f Finding) *sarifRegion {
	if f.Line == 0 {
		return nil
	}
	return &sarifRegion{f.Line, f.Column}
}
