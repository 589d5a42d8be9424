package policytest

import (
	"bytes"
	"testing"

	"extauthz/goldentest"
)

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := reported(t).WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, "testdata/results.json", out.String())
}
