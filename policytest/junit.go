package policytest

import (
	"encoding/xml"
	"io"
	"strings"
)

// The elements of a JUnit report, as build servers read them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string      `xml:"name,attr"`
		Class   string      `xml:"classname,attr"`
		File    string      `xml:"file,attr"`
		Line    int         `xml:"line,attr"`
		Failure *junitFault `xml:"failure"`
		Error   *junitFault `xml:"error"`
	}
	junitFault struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the results as JUnit XML, with a suite for each file. A test that
// cannot be run is an error.
func (all Results) WriteJUnit(w io.Writer) error {
	var report junitSuites
	for i := range all {
		r := &all[i]
		if n := len(report.Suites); n == 0 || report.Suites[n-1].Name != r.Test.File {
			report.Suites = append(report.Suites, junitSuite{Name: r.Test.File})
		}
		report.Suites[len(report.Suites)-1].add(r.junit())
	}
	for _, s := range report.Suites {
		report.Tests += s.Tests
		report.Failures += s.Failures
		report.Errors += s.Errors
	}
	text, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
}

func (r *Result) junit() junitCase {
	c := junitCase{Name: r.Test.Name, Class: strings.TrimSuffix(r.Test.File, ".yaml"), File: r.Test.File, Line: r.Test.Line}
	if r.Passed() {
		return c
	}
	fault := &junitFault{Text: strings.Join(r.failure(), "\n")}
	if r.Err != nil {
		fault.Message, c.Error = r.Err.Error(), fault
	} else {
		fault.Message, c.Failure = "expected "+r.Test.expected()+", got "+r.Actual.actual(), fault
	}
	return c
}
