package iam

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"extauthz/diag"
)

// TestElementsChangeNothing compiles documents with elements of all documents before, and
// compares the policies and faults with those of documents that are compiled alone. Some of
// the documents have faults.
func TestElementsChangeNothing(t *testing.T) {
	var shared Elements
	accepted, refused := 0, 0
	compare := func(kind Kind, text []byte) {
		t.Helper()
		parse := func() *Document { return Parse(diag.File("a.json"), diag.Point{Line: 1, Column: 1}, text) }
		want, wantErr := parse().Compile(kind)
		got, err := parse().CompileWith(kind, &shared)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\n%s\ngot  %+v, %v\nwant %+v, %v", kind, text, got, err, want, wantErr)
		}
		if err == nil {
			accepted++
		} else {
			refused++
		}
	}
	for seed := range uint64(1500) {
		g := newGenerator(seed)
		kind := IdentityPolicy + Kind(g.IntN(int(TrustPolicy)))
		text := []byte(g.document(&scenario{base: pick(g, someOperators...)}, kind))
		compare(kind, text)
		for range 3 { // a fault somewhere, or a similar document
			faulty := bytes.Clone(text)
			faulty[g.IntN(len(faulty))] = `"[]{},:*$ a0`[g.IntN(12)]
			compare(kind, faulty)
		}
		compare(IdentityPolicy+Kind(g.IntN(int(TrustPolicy))), text)
	}
	if accepted < 1500 || refused < 1500 {
		t.Errorf("%d documents are accepted and %d refused, which are too few", accepted, refused)
	}
}

// TestElementsOfFaultyDocuments checks that an element of which a fault left out an item does
// not hide the fault of an element that is empty.
func TestElementsOfFaultyDocuments(t *testing.T) {
	const leftOut = `"\u0100"` // a character that policies cannot contain
	const begin = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`
	for _, element := range []string{
		`"Principal":"*","Action":[ITEM]`, `"Principal":"*","NotAction":[ITEM]`, `"Principal":"*","Action":"a:b","Resource":[ITEM]`,
		`"Action":"a:b","Principal":{"AWS":[ITEM]}`, `"Action":"a:b","Principal":{"AWS":"123456789012","Service":[ITEM]}`,
	} {
		var shared Elements
		for _, item := range []string{leftOut, ""} {
			compile := func(e *Elements) string {
				text := begin + strings.Replace(element, "ITEM", item, 1) + `}]}`
				_, err := Parse(diag.File("a.json"), diag.Point{Line: 1, Column: 1}, []byte(text)).CompileWith(RepositoryPolicy, e)
				return fmt.Sprint(err)
			}
			got, want := compile(&shared), compile(new(Elements))
			if got != want || item == "" && !strings.Contains(want, "is empty") {
				t.Errorf("%s with %q:\ngot  %s\nwant %s", element, item, got, want)
			}
		}
	}
}

// TestElementsAreShared checks that statements of several policies share equal elements, that
// different ones are separate, and that only so many are retained.
func TestElementsAreShared(t *testing.T) {
	var shared Elements
	compile := func(text string) *Statement {
		t.Helper()
		p, err := Parse(diag.File("a.json"), diag.Point{Line: 1, Column: 1}, []byte(text)).CompileWith(RepositoryPolicy, &shared)
		if err != nil {
			t.Fatal(err)
		}
		return &p.Statements[0]
	}
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["ecr:PutImage"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	a, b := compile(text), compile(strings.Replace(text, `"Effect"`, `"Sid":"x","Effect"`, 1))
	if a.actions != b.actions || a.resources != b.resources || a.principals != b.principals || a.condition != b.condition {
		t.Error("equal elements are not shared")
	}
	for _, other := range []string{
		strings.Replace(text, `"Action"`, `"NotAction"`, 1), strings.Replace(text, "PutImage", "PutImage*", 1),
		strings.Replace(text, "false", "true", 1), strings.Replace(text, `"false"`, `["false"]`, 1), strings.Replace(text, "2012-10-17", "2008-10-17", 1),
		strings.Replace(text, `"Principal":"*"`, `"Principal":{"AWS":"123456789012"}`, 1), strings.Replace(text, `"Principal":"*"`, `"NotPrincipal":{"AWS":"123456789012"}`, 1),
	} {
		c := compile(other)
		if c.actions == a.actions && c.principals == a.principals && c.condition == a.condition {
			t.Errorf("%s shares all elements", other)
		}
	}
	for i := range maxElements + 10 {
		compile(strings.Replace(text, "PutImage", fmt.Sprint("PutImage", i), 1))
	}
	if n := len(shared.actions); n != maxElements {
		t.Errorf("%d elements are retained", n)
	}
}
