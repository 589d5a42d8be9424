package policytest

import (
	"encoding/xml"
	"strings"
	"testing"
)

// reported returns results of each kind.
func reported(t *testing.T) Results {
	t.Helper()
	s := load(t, "../examples/quickstart/policies")
	first, err := Parse("tests/a.yaml", []byte(`tests:
- name: passes
  principal: arn:aws:iam::123456789012:user/bob
  request: GET /v2/team/app/manifests/v1
  expect: allowed
- name: bob <pushes>
  credential: { basic: bob }
  request: PUT /v2/team/app/manifests/v1
  expect: allowed
- name: by another statement
  principal: arn:aws:iam::123456789012:user/bob
  request: GET /v2/secret/app/manifests/v1
  expect: explicitDeny
  denied: ecr:PutImage
  sid: Else
`))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Parse("tests/b.yaml", []byte(`tests:
- name: without a principal
  principal: arn:aws:iam::123456789012:user/erin
  action: ecr:PutImage
  resource: arn:aws:ecr:eu-central-1:123456789012:repository/team/app
  expect: allowed
- name: a line break
  anonymous: true
  request: "GET /v2/\n"
  expect: allowed
- name: another Sid allows
  principal: arn:aws:iam::123456789012:user/bob
  action: ecr:BatchGetImage
  resource: arn:aws:ecr:eu-central-1:123456789012:repository/team/app
  expect: allowed
  sid: Else
- name: an action is denied
  principal: arn:aws:iam::123456789012:user/bob
  action: ecr:PutImage
  resource: arn:aws:ecr:eu-central-1:123456789012:repository/secret/app
  expect: allowed
`))
	if err != nil {
		t.Fatal(err)
	}
	return Run(s, append(first, second...), now)
}

func TestText(t *testing.T) {
	const want = `ok    tests/a.yaml: passes
FAIL  tests/a.yaml:6: bob <pushes>
      PUT /v2/team/app/manifests/v1 by basic "bob"
      - expected allowed
      + got      implicitDeny of ecr:PutImage on arn:aws:ecr:eu-central-1:123456789012:repository/team/app
        User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/team/app because no identity-based policy allows the ecr:PutImage action
        nearest is managed/team-pull.json:4:5 Allow "Login": does not apply: its actions do not cover ecr:PutImage
        nearest is managed/team-pull.json:10:5 Allow "Pull": does not apply: its actions do not cover ecr:PutImage
FAIL  tests/a.yaml:10: by another statement
      GET /v2/secret/app/manifests/v1 by arn:aws:iam::123456789012:user/bob
      - expected explicitDeny of ecr:PutImage by the statement "Else"
      + got      explicitDeny of ecr:BatchGetImage on arn:aws:ecr:eu-central-1:123456789012:repository/secret/app
        User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/secret/app with an explicit deny in a resource-based policy
        decided by accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json:4:5 Deny "Only alice, whatever other policies allow"
FAIL  tests/b.yaml:2: without a principal
      ecr:PutImage on arn:aws:ecr:eu-central-1:123456789012:repository/team/app by arn:aws:iam::123456789012:user/erin
      cannot be run: user "arn:aws:iam::123456789012:user/erin" is not among the principals; add it there with its policies
FAIL  tests/b.yaml:7: a line break
      GET "/v2/\n" by an anonymous caller
      - expected allowed
      + got      unauthenticated
        the request carries no credential
FAIL  tests/b.yaml:11: another Sid allows
      ecr:BatchGetImage on arn:aws:ecr:eu-central-1:123456789012:repository/team/app by arn:aws:iam::123456789012:user/bob
      - expected allowed by the statement "Else"
      + got      allowed
        decided by managed/team-pull.json:10:5 Allow "Pull"
FAIL  tests/b.yaml:17: an action is denied
      ecr:PutImage on arn:aws:ecr:eu-central-1:123456789012:repository/secret/app by arn:aws:iam::123456789012:user/bob
      - expected allowed
      + got      explicitDeny of ecr:PutImage on arn:aws:ecr:eu-central-1:123456789012:repository/secret/app
        explicitly denied by the resource-based policy
        decided by accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json:4:5 Deny "Only alice, whatever other policies allow"
1 passed, 6 failed
`
	var got strings.Builder
	if _, err := reported(t).WriteTo(&got); err != nil || got.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got.String(), want)
	}
}

func TestJUnit(t *testing.T) {
	var got strings.Builder
	if err := reported(t).WriteJUnit(&got); err != nil {
		t.Fatal(err)
	}
	const begin = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="7" failures="5" errors="1">
  <testsuite name="tests/a.yaml" tests="3" failures="2" errors="0">
    <testcase name="passes" classname="tests/a" file="tests/a.yaml" line="2"></testcase>
    <testcase name="bob &lt;pushes&gt;" classname="tests/a" file="tests/a.yaml" line="6">
      <failure message="expected allowed, got implicitDeny of ecr:PutImage on arn:aws:ecr:eu-central-1:123456789012:repository/team/app">PUT /v2/team/app/manifests/v1 by basic `
	if !strings.HasPrefix(got.String(), begin) {
		t.Errorf("%s\nwant this beginning\n%s", got.String(), begin)
	}
	for _, part := range []string{`<testsuite name="tests/b.yaml" tests="4" failures="3" errors="1">`, `<error message="user &#34;arn:aws:iam::123456789012:user/erin&#34; is not among`} {
		if !strings.Contains(got.String(), part) {
			t.Errorf("%s\nwant this part\n%s", got.String(), part)
		}
	}
	var read junitSuites
	if err := xml.Unmarshal([]byte(got.String()), &read); err != nil || len(read.Suites) != 2 || len(read.Suites[1].Cases) != 4 {
		t.Errorf("read back: %v, %+v", err, read)
	}
}

// TestZeroResultHasNotPassed checks that no test passes by default.
func TestZeroResultHasNotPassed(t *testing.T) {
	if new(Result).Passed() || (Results{{}}).Failed() != 1 {
		t.Error("the zero result has passed")
	}
}
