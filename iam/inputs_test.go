package iam

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestInputs checks that the inputs of a decision are what the statements mention that could
// apply to its caller, action and resource.
func TestInputs(t *testing.T) {
	identity := mustCompile(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"},
  {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "arn:aws:ecr:*:*:repository/a", "Condition": {"StringEquals": {"AWS:username": "alice", "aws:SourceVpc": "${aws:PrincipalTag/Vpc, 'x'}"}}},
  {"Effect": "Deny", "Action": "ecr:PutImage", "Resource": "arn:aws:ecr:*:*:repository/b", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
  {"Effect": "Deny", "Action": "ecr:Put*", "Resource": "*", "Condition": {"StringEquals": {"AWS:SECURETransport": "x"}}},
  {"Effect": "Deny", "NotAction": "ecr:BatchGetImage", "Resource": "arn:aws:ecr:*:*:repository/team/${aws:userid}"}
]}`)
	resource := mustCompile(t, RepositoryPolicy, `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Deny", "Principal": {"AWS": "`+userARN+`"}, "Action": "ecr:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
  {"Effect": "Allow", "Principal": {"AWS": "`+other+`"}, "Action": "ecr:*", "Condition": {"Null": {"aws:referer": "true"}}}
]}`)
	p := Policies{Identity: []*Policy{identity}, Resource: []*Policy{resource}}
	for _, c := range []struct {
		name, action, resource string
		kind                   PrincipalKind
		want                   []string
	}{
		{"another action", pull, repoARN, User, []string{"aws:SecureTransport"}},
		{"conditions and variables", "ecr:PutImage", repoARN, User, []string{"aws:PrincipalTag/Vpc", "AWS:SECURETransport", "aws:SourceVpc", "aws:userid", "AWS:username"}},
		{"another principal", pull, repoARN, AssumedRole, nil},
		{"another resource", "ecr:PutImage", repoARN + "b", AssumedRole, []string{"AWS:SECURETransport", "aws:userid"}},
		{"no valid caller", "ecr:PutImage", repoARN, UnknownPrincipal, nil},
	} {
		in := p.Inputs(&Request{caller(c.kind), c.action, c.resource, nil})
		if !slices.Equal(in.Keys, c.want) || in.Clock {
			t.Errorf("%s: %q, want %q", c.name, in.Keys, c.want)
		}
	}
}

// TestInputsAreSmall checks that inputs take no memory for repetitions: a cache has many of them.
func TestInputsAreSmall(t *testing.T) {
	p := Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
  "StringLike": {"aws:referer": "`+strings.Repeat("${aws:username}", 1000)+`"},
  "DateLessThan": {"aws:CurrentTime": [`+strings.Repeat(`"2026-05-01T00:00:00Z", `, 1000)+`"2026-05-01T00:00:00Z"]}}}}`)}}
	in := p.Inputs(&Request{caller(User), pull, repoARN, nil})
	if !slices.Equal(in.Keys, []string{"aws:referer", "aws:username"}) || in.Len() != 4 || cap(in.Keys)+cap(in.changes) > 8 {
		t.Errorf("%d inputs in memory for %d: %q", in.Len(), cap(in.Keys)+cap(in.changes), in.Keys)
	}
}

// TestPeriod checks that a period ends where a comparison with the clock can change.
func TestPeriod(t *testing.T) {
	p := Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "1970-01-01T00:16:40Z"}, "NumericLessThanIfExists": {"aws:EpochTime": ["2000", "-0.5"]}}}]}`)}}
	in := p.Inputs(&Request{caller(User), pull, repoARN, nil})
	if len(in.Keys) > 0 || !in.Clock {
		t.Errorf("keys %q, clock %t", in.Keys, in.Clock)
	}
	for _, c := range []struct{ at, from, until int64 }{
		{-5, math.MinInt64, 0}, {0, 0, 1}, {1, 1, 1000}, {999, 1, 1000}, {1000, 1000, 1001}, {1001, 1001, 2000}, {2000, 2000, 2001}, {2001, 2001, math.MaxInt64},
	} {
		if from, until := in.Period(c.at); from != c.from || until != c.until {
			t.Errorf("around %d: from %d until %d, want %d and %d", c.at, from, until, c.from, c.until)
		}
	}
	if at, ok := in.Time(Context{{Key: "aws:CurrentTime", Value: "1970-01-02T00:00:00Z"}, {Key: "aws:EpochTime", Value: "86400"}}); at != 86400 || !ok {
		t.Errorf("time %d, %t", at, ok)
	}
}
