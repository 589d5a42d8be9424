package main

import (
	"reflect"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestEvents checks what is counted and printed for each way in which a package ends.
func TestEvents(t *testing.T) {
	cases := []struct {
		name   string
		lines  string
		want   outcome
		prints string
	}{
		{"two pass", `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA/b"}
{"Action":"pass","Package":"p","Elapsed":1.5}`, outcome{Passed: 2}, "2 passed  1.5s"},
		{"one fails", `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, outcome{Failed: 1, Reasons: []string{"p TestA"}}, "a_test.go:7: wrong"},
		{"one is skipped", `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: no network\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, outcome{Missing: []string{"p TestA: a_test.go:7: no network"}}, ""},
		{"does not build", `{"ImportPath":"p","Action":"build-output","Output":"a.go:1: syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`, outcome{Failed: 1, Reasons: []string{"p did not build, or ended early"}}, "syntax error"},
		{"panics outside a test", `{"Action":"output","Package":"p","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`, outcome{Failed: 1, Reasons: []string{"p did not build, or ended early"}}, "panic: boom"},
		{"a test never ends", `{"Action":"output","Package":"p","Test":"TestA","Output":"panic: something\n"}
{"Action":"output","Package":"p2","Test":"TestB","Output":"of another package\n"}
{"Action":"fail","Package":"p"}`, outcome{Failed: 1, Reasons: []string{"p did not build, or ended early"}}, "FAIL p\npanic: something\n"},
		{"a subtest fails", `{"Action":"fail","Package":"p","Test":"TestA/b"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, outcome{Failed: 2, Reasons: []string{"p TestA/b"}}, "FAIL p"},
		{"left to .ci/run", `{"Action":"output","Package":"p","Test":"TestA/cosign","Output":"    client_test.go:7: left to .ci/run: takes minutes\n"}
{"Action":"skip","Package":"p","Test":"TestA/cosign"}
{"Action":"pass","Package":"p"}`, outcome{Left: []string{"p TestA/cosign: takes minutes"}}, ""},
		{"left to make bench", `{"Action":"output","Package":"p","Test":"TestA","Output":"    opa_test.go:7: left to make bench: takes minutes\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, outcome{Elsewhere: []string{"p TestA: opa_test.go:7: left to make bench: takes minutes"}}, ""},
		{"no test files", `{"Action":"skip","Package":"p"}`, outcome{}, ""},
		{"a line that is not an event", "go: downloading x v1.0.0", outcome{}, "go: downloading x v1.0.0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			e := newEvents(&out)
			for _, piece := range strings.SplitAfter(c.lines+"\n", `"`) { // in pieces, as a pipe gives them
				if _, err := e.Write([]byte(piece)); err != nil {
					t.Fatal(err)
				}
			}
			if !reflect.DeepEqual(e.outcome, c.want) {
				t.Errorf("counted %+v, want %+v", e.outcome, c.want)
			}
			if !strings.Contains(out.String(), c.prints) {
				t.Errorf("printed %q, want %q in it", out.String(), c.prints)
			}
		})
	}
}
