package iam

import (
	"fmt"
	"testing"
)

// one returns a context with one single-valued key; many one with a multivalued key.
func one(value string) Context            { return Context{{Key: "test:key", Value: value}} }
func many(values ...string) Context       { return Context{{Key: "test:key", Values: values, Multi: true}} }
func also(c Context, k, v string) Context { return append(c, ContextEntry{Key: k, Value: v}) }

// conditionCase is a Condition block and its results in an Allow and in a Deny. source is
// the page or the observation that documents the case.
type conditionCase struct {
	source, name string
	block        string
	context      Context
	allow, deny  bool
}

const (
	operators = "IAM User Guide, Condition operators"
	sets      = "IAM User Guide, Set operators"
	noValue   = "IAM User Guide, Policy variables with no value"
	multiple  = "IAM User Guide, Conditions with multiple keys or values"
	simulator = "policy simulator"
	strict    = "this package's documentation"
)

func checkConditions(t *testing.T, tests []conditionCase) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for effect, want := range map[Effect]bool{Allow: test.allow, Deny: test.deny} {
				p := mustCompile(t, IdentityPolicy, fmt.Sprintf(
					`{"Version":"2012-10-17","Statement":{"Effect":%q,"Action":"*","Resource":"*","Condition":%s}}`, effect, test.block))
				if got := p.Statements[0].conditionsHold(test.context, unmetered()); got != want {
					t.Errorf("%s in %v with %v: %v, want %v (%s)", test.block, effect, test.context, got, want, test.source)
				}
			}
		})
	}
}

func TestStringConditions(t *testing.T) {
	checkConditions(t, []conditionCase{
		{operators, "equal", `{"StringEquals":{"test:key":"a"}}`, one("a"), true, true},
		{operators, "case counts", `{"StringEquals":{"test:key":"a"}}`, one("A"), false, false},
		{operators, "star is a character in StringEquals", `{"StringEquals":{"test:key":"a*"}}`, one("ab"), false, false},
		{operators, "star equals star", `{"StringEquals":{"test:key":"a*"}}`, one("a*"), true, true},
		{operators, "any of the values", `{"StringEquals":{"test:key":["x","a"]}}`, one("a"), true, true},
		{operators, "none of the values", `{"StringEquals":{"test:key":["x","y"]}}`, one("a"), false, false},
		{operators, "not equal", `{"StringNotEquals":{"test:key":"a"}}`, one("b"), true, true},
		{operators, "not equal to the same", `{"StringNotEquals":{"test:key":"a"}}`, one("a"), false, false},
		{multiple, "negated values are joined by NOR", `{"StringNotEquals":{"test:key":["a","b"]}}`, one("b"), false, false},
		{multiple, "negated, none of the values", `{"StringNotEquals":{"test:key":["a","b"]}}`, one("c"), true, true},
		{operators, "ignoring case", `{"StringEqualsIgnoreCase":{"test:key":"Ab"}}`, one("aB"), true, true},
		{simulator, "no full case folding", `{"StringEqualsIgnoreCase":{"test:key":"ß"}}`, one("SS"), false, false},
		{simulator, "no normalisation", `{"StringEqualsIgnoreCase":{"test:key":"é"}}`, one("e\u0301"), false, false},
		{operators, "not equal ignoring case", `{"StringNotEqualsIgnoreCase":{"test:key":"Ab"}}`, one("aB"), false, false},
		{operators, "like", `{"StringLike":{"test:key":"a*c?"}}`, one("abbcd"), true, true},
		{operators, "like is case-sensitive", `{"StringLike":{"test:key":"A*"}}`, one("ab"), false, false},
		{operators, "like takes dots and brackets as they are", `{"StringLike":{"test:key":"a.[b]*"}}`, one("a.[b]c"), true, true},
		{operators, "not like", `{"StringNotLike":{"test:key":["a*","b*"]}}`, one("bc"), false, false},
		{operators, "not like any", `{"StringNotLike":{"test:key":["a*","b*"]}}`, one("cc"), true, true},
		{strict, "a number is its text", `{"StringEquals":{"test:key":5}}`, one("5"), true, true},
		{strict, "a boolean is its text", `{"StringEquals":{"test:key":true}}`, one("true"), true, true},
		{strict, "no value to compare with", `{"StringEquals":{"test:key":[]}}`, one("a"), false, false},
		{strict, "no value to differ from", `{"StringNotEquals":{"test:key":[]}}`, one("a"), true, true},

		{operators, "key in another case", `{"StringEquals":{"TEST:Key":"a"}}`, one("a"), true, true},
		{"IAM User Guide, Condition", "tag key in another case", `{"StringEquals":{"aws:PrincipalTag/Team":"a"}}`, Context{{Key: "aws:principaltag/TEAM", Value: "a"}}, true, true},
		{operators, "empty value equals empty text", `{"StringEquals":{"test:key":""}}`, one(""), true, true},

		{operators, "variable", `{"StringEquals":{"test:key":"x-${aws:username}"}}`, also(one("x-alice"), "aws:username", "alice"), true, true},
		{strict, "a variable's star is literal in StringLike", `{"StringLike":{"test:key":"${aws:username}"}}`, also(one("anything"), "aws:username", "*"), false, false},
		{operators, "escaped star in StringEquals", `{"StringEquals":{"test:key":"a${*}"}}`, one("a*"), true, true},
		{operators, "escaped star in StringLike", `{"StringLike":{"test:key":"a${*}"}}`, one("ab"), false, false},
		{noValue, "missing variable", `{"StringEquals":{"test:key":"${aws:username}"}}`, one("alice"), false, false},
		{noValue, "missing variable, negated", `{"StringNotEquals":{"test:key":"${aws:username}"}}`, one("alice"), true, true},
		{noValue, "missing variable, StringNotLike", `{"StringNotLike":{"test:key":"*${aws:username}*"}}`, one("alice"), true, true},
		{noValue, "missing variable among values", `{"StringNotEquals":{"test:key":["${aws:username}","a"]}}`, one("a"), false, false},
		{noValue, "missing variable with a default", `{"StringEquals":{"test:key":"${aws:username, 'a'}"}}`, one("a"), true, true},
	})
}

func TestMissingKeys(t *testing.T) {
	missing := Context{{Key: "other:key", Value: "a"}}
	checkConditions(t, []conditionCase{
		{operators, "StringEquals", `{"StringEquals":{"test:key":"a"}}`, missing, false, false},
		{operators, "StringLike", `{"StringLike":{"test:key":"*"}}`, missing, false, false},
		{operators, "StringNotEquals", `{"StringNotEquals":{"test:key":"a"}}`, missing, true, true},
		{operators, "StringNotLike", `{"StringNotLike":{"test:key":"*"}}`, missing, true, true},
		{operators, "NumericLessThan", `{"NumericLessThan":{"test:key":"1"}}`, missing, false, false},
		{operators, "NumericNotEquals", `{"NumericNotEquals":{"test:key":"1"}}`, missing, true, true},
		{operators, "DateNotEquals", `{"DateNotEquals":{"test:key":"2026"}}`, missing, true, true},
		{operators, "Bool", `{"Bool":{"test:key":"false"}}`, missing, false, false},
		{operators, "BinaryEquals", `{"BinaryEquals":{"test:key":""}}`, missing, false, false},
		{operators, "IpAddress", `{"IpAddress":{"test:key":"0.0.0.0/0"}}`, missing, false, false},
		{simulator, "NotIpAddress", `{"NotIpAddress":{"test:key":"0.0.0.0/0"}}`, missing, true, true},
		{operators, "ArnLike", `{"ArnLike":{"test:key":"arn:*:*:*:*:*"}}`, missing, false, false},
		{simulator, "ArnNotLike", `{"ArnNotLike":{"test:key":"arn:*:*:*:*:*"}}`, missing, true, true},
		{simulator, "ArnNotEquals", `{"ArnNotEquals":{"test:key":"arn:*:*:*:*:*"}}`, missing, true, true},
		{operators, "IfExists", `{"StringEqualsIfExists":{"test:key":"a"}}`, missing, true, true},
		{operators, "IfExists, negated", `{"StringNotEqualsIfExists":{"test:key":"a"}}`, missing, true, true},
		{operators, "IfExists with the key present", `{"StringEqualsIfExists":{"test:key":"a"}}`, one("b"), false, false},
		{operators, "IfExists with an empty value", `{"StringEqualsIfExists":{"test:key":"a"}}`, one(""), false, false},
		{operators, "BoolIfExists", `{"BoolIfExists":{"test:key":"true"}}`, missing, true, true},
		{operators, "empty block", `{}`, missing, true, true},
		{operators, "operator without keys", `{"StringEquals":{}}`, missing, true, true},
		{"moto's collection of AWS's answers", "unknown operator without keys", `{"NoSuchOperator":{}}`, missing, true, true},

		{operators, "Null true, absent", `{"Null":{"test:key":"true"}}`, missing, true, true},
		{operators, "Null true, present", `{"Null":{"test:key":"true"}}`, one("a"), false, false},
		{operators, "Null false, absent", `{"Null":{"test:key":"false"}}`, missing, false, false},
		{operators, "Null false, present", `{"Null":{"test:key":false}}`, one("a"), true, true},
		{operators, "Null, JSON boolean", `{"Null":{"test:key":true}}`, missing, true, true},
		{simulator, "Null true, empty string", `{"Null":{"test:key":"true"}}`, one(""), true, true},
		{simulator, "Null false, empty string", `{"Null":{"test:key":"false"}}`, one(""), false, false},
		{strict, "Null true, empty list", `{"Null":{"test:key":"true"}}`, many(), true, true},
		{strict, "Null false, list", `{"Null":{"test:key":"false"}}`, many("a"), true, true},
		{operators, "Null, both values", `{"Null":{"test:key":["true","false"]}}`, one("a"), true, true},
	})
}

func TestCombinedConditions(t *testing.T) {
	context := Context{{Key: "a:a", Value: "1"}, {Key: "b:b", Value: "2"}}
	checkConditions(t, []conditionCase{
		{multiple, "keys are joined by AND", `{"StringEquals":{"a:a":"1","b:b":"2"}}`, context, true, true},
		{multiple, "one key fails", `{"StringEquals":{"a:a":"1","b:b":"3"}}`, context, false, false},
		{multiple, "operators are joined by AND", `{"StringEquals":{"a:a":"1"},"StringLike":{"b:b":"?"}}`, context, true, true},
		{multiple, "one operator fails", `{"StringEquals":{"a:a":"1"},"StringLike":{"b:b":"??"}}`, context, false, false},
		{multiple, "one key in two spellings is joined by AND", `{"StringEquals":{"a:a":"1","A:A":"2"}}`, context, false, false},
	})
}

func TestNumericConditions(t *testing.T) {
	checkConditions(t, []conditionCase{
		{operators, "equal", `{"NumericEquals":{"test:key":"10"}}`, one("10"), true, true},
		{operators, "JSON number", `{"NumericEquals":{"test:key":10.50}}`, one("10.5"), true, true},
		{operators, "leading zeros", `{"NumericEquals":{"test:key":"010"}}`, one("+10.0"), true, true},
		{operators, "minus zero", `{"NumericEquals":{"test:key":"-0"}}`, one("0.0"), true, true},
		{operators, "not equal", `{"NumericNotEquals":{"test:key":["1","2"]}}`, one("3"), true, true},
		{operators, "not equal to one of them", `{"NumericNotEquals":{"test:key":["1","2"]}}`, one("2"), false, false},
		{operators, "less", `{"NumericLessThan":{"test:key":"10"}}`, one("9"), true, true},
		{operators, "not less", `{"NumericLessThan":{"test:key":"10"}}`, one("10"), false, false},
		{operators, "less or equal", `{"NumericLessThanEquals":{"test:key":"10"}}`, one("10"), true, true},
		{operators, "greater", `{"NumericGreaterThan":{"test:key":"-10"}}`, one("-9.99"), true, true},
		{operators, "not greater", `{"NumericGreaterThan":{"test:key":"10"}}`, one("10"), false, false},
		{operators, "greater or equal", `{"NumericGreaterThanEquals":{"test:key":"10"}}`, one("10"), true, true},
		{operators, "numbers, not texts", `{"NumericLessThan":{"test:key":"10"}}`, one("9.5"), true, true},
		{operators, "fractions", `{"NumericLessThan":{"test:key":"0.10"}}`, one("0.09"), true, true},
		{operators, "negative fractions", `{"NumericLessThan":{"test:key":"-0.09"}}`, one("-0.1"), true, true},
		{strict, "exact beyond 53 bits", `{"NumericEquals":{"test:key":"9007199254740993"}}`, one("9007199254740992"), false, false},
		{strict, "exact beyond 64 bits", `{"NumericLessThan":{"test:key":"100000000000000000001"}}`, one("100000000000000000000"), true, true},
		{strict, "trailing text", `{"NumericEquals":{"test:key":"10"}}`, one("10abc"), false, true},
		{strict, "trailing text, negated", `{"NumericNotEquals":{"test:key":"10"}}`, one("10abc"), false, true},
		{strict, "empty value", `{"NumericLessThan":{"test:key":"10"}}`, one(""), false, true},
		{strict, "exponent", `{"NumericEquals":{"test:key":"1000"}}`, one("1e3"), false, true},
		{strict, "blank", `{"NumericEquals":{"test:key":"1"}}`, one(" 1"), false, true},
		{strict, "sign alone", `{"NumericEquals":{"test:key":"0"}}`, one("-"), false, true},
		{strict, "point alone", `{"NumericEquals":{"test:key":"0"}}`, one("."), false, true},
		{strict, "two signs", `{"NumericEquals":{"test:key":"1"}}`, one("+-1"), false, true},
	})
}

func TestDateConditions(t *testing.T) {
	checkConditions(t, []conditionCase{
		{operators, "same instant", `{"DateEquals":{"test:key":"2026-11-22T06:00:00Z"}}`, one("2026-11-22T07:00:00+01:00"), true, true},
		{operators, "epoch and ISO", `{"DateEquals":{"test:key":"1795327200"}}`, one("2026-11-22T06:00:00Z"), true, true},
		{operators, "ISO and epoch", `{"DateLessThan":{"test:key":"2026-11-22T06:00:00Z"}}`, one("1795327199"), true, true},
		{operators, "JSON number", `{"DateEquals":{"test:key":1795327200}}`, one("1795327200"), true, true},
		{operators, "not equal", `{"DateNotEquals":{"test:key":"2026-11-22"}}`, one("2026-11-23"), true, true},
		{operators, "less", `{"DateLessThan":{"test:key":"2026-11-22"}}`, one("2026-11-21T23:59:59.999Z"), true, true},
		{operators, "less or equal", `{"DateLessThanEquals":{"test:key":"2026-11-22"}}`, one("2026-11-22T00:00Z"), true, true},
		{operators, "greater", `{"DateGreaterThan":{"test:key":"2026-11-22T00:00:00Z"}}`, one("2026-11-22T00:00:00.001Z"), true, true},
		{operators, "greater or equal", `{"DateGreaterThanEquals":{"test:key":"2026-11-22T00:00:00.5Z"}}`, one("2026-11-22T00:00:00.49Z"), false, false},
		{operators, "year", `{"DateEquals":{"test:key":"2026"}}`, one("2026-01-01T00:00:00Z"), true, true},
		{strict, "four digits are a year", `{"DateEquals":{"test:key":"2026"}}`, one("02026"), false, false},
		{operators, "month", `{"DateEquals":{"test:key":"2026-11"}}`, one("2026-11-01"), true, true},
		{operators, "leap day", `{"DateEquals":{"test:key":"2028-02-29"}}`, one("1835395200"), true, true},
		{"moto's collection of AWS's answers", "negative epoch", `{"DateLessThan":{"test:key":"0"}}`, one("-1"), true, true},
		{"moto's collection of AWS's answers", "least epoch", `{"DateLessThan":{"test:key":"0"}}`, one("-9223372036854775808"), true, true},
		{"moto's collection of AWS's answers", "loose form", `{"DateEquals":{"test:key":"2016-12-13t2:00:00.593194+23"}}`, one("2016-12-12T03:00:00.593194Z"), true, true},
		{strict, "too large", `{"DateGreaterThan":{"test:key":"0"}}`, one("9223372036854775808"), false, true},
		{strict, "too small", `{"DateLessThan":{"test:key":"0"}}`, one("-9223372036854775809"), false, true},
		{strict, "no such day", `{"DateGreaterThan":{"test:key":"2026"}}`, one("2027-02-29"), false, true},
		{strict, "no such month", `{"DateGreaterThan":{"test:key":"2026"}}`, one("2027-13-01"), false, true},
		{"moto's collection of AWS's answers", "policy without a zone", `{"DateEquals":{"test:key":"2026-11-22T06:00:00"}}`, one("2026-11-22T07:00:00+01:00"), true, true},
		{"moto's collection of AWS's answers", "policy without a zone and without seconds", `{"DateGreaterThan":{"test:key":"2026-11-22T06:00"}}`, one("2026-11-22T06:00:00Z"), false, false},
		{"moto's collection of AWS's answers", "policy without a zone and with a fraction", `{"DateLessThan":{"test:key":"2026-11-22T06:00:00.5"}}`, one("2026-11-22T06:00:00.4Z"), true, true},
		{strict, "no zone in the policy and in the request", `{"DateEquals":{"test:key":"2026-11-22T06:00:00"}}`, one("2026-11-22T06:00:00"), false, true},
		{strict, "no zone", `{"DateGreaterThan":{"test:key":"2026"}}`, one("2027-01-01T00:00:00"), false, true},
		{strict, "trailing text", `{"DateGreaterThan":{"test:key":"2026"}}`, one("2027-01-01T00:00:00Zx"), false, true},
		{strict, "no date", `{"DateNotEquals":{"test:key":"2026"}}`, one("tomorrow"), false, true},
		{strict, "empty value", `{"DateLessThan":{"test:key":"2026"}}`, one(""), false, true},
		{strict, "point without fraction", `{"DateGreaterThan":{"test:key":"2026"}}`, one("2027-01-01T00:00:00.Z"), false, true},
	})
}

func TestBoolAndBinaryConditions(t *testing.T) {
	checkConditions(t, []conditionCase{
		{operators, "true", `{"Bool":{"test:key":"true"}}`, one("true"), true, true},
		{operators, "any case", `{"Bool":{"test:key":"True"}}`, one("TRUE"), true, true},
		{operators, "JSON boolean", `{"Bool":{"test:key":false}}`, one("false"), true, true},
		{operators, "different", `{"Bool":{"test:key":true}}`, one("false"), false, false},
		{strict, "no boolean", `{"Bool":{"test:key":false}}`, one("no"), false, true},
		{strict, "empty value", `{"Bool":{"test:key":false}}`, one(""), false, true},
		{operators, "variable", `{"Bool":{"test:key":"${aws:PrincipalTag/tls}"}}`, also(one("true"), "aws:PrincipalTag/tls", "TRUE"), true, true},
		{operators, "variable of the other value", `{"Bool":{"test:key":"${aws:PrincipalTag/tls}"}}`, also(one("true"), "aws:PrincipalTag/tls", "false"), false, false},
		{operators, "variable with a default", `{"Bool":{"test:key":"${aws:PrincipalTag/tls, 'true'}"}}`, one("true"), true, true},
		{operators, "variable or a constant", `{"Bool":{"test:key":["${aws:PrincipalTag/tls}","true"]}}`, one("true"), true, true},
		{noValue, "variable without a value", `{"Bool":{"test:key":"${aws:PrincipalTag/tls}"}}`, one("true"), false, false},
		{noValue, "variable without a value, missing key", `{"BoolIfExists":{"test:key":"${aws:PrincipalTag/tls}"}}`, nil, true, true},
		{strict, "variable that is not a boolean", `{"Bool":{"test:key":"${aws:PrincipalTag/tls}"}}`, also(one("true"), "aws:PrincipalTag/tls", "yes"), false, true},
		{strict, "variable that is not a boolean, with any value", `{"ForAnyValue:Bool":{"test:key":"${aws:PrincipalTag/tls}"}}`, also(many("true", "false"), "aws:PrincipalTag/tls", ""), false, true},
		{strict, "not a boolean, compared with a variable", `{"Bool":{"test:key":"${aws:PrincipalTag/tls}"}}`, also(one("no"), "aws:PrincipalTag/tls", "true"), false, true},
		{operators, "binary", `{"BinaryEquals":{"test:key":"QmluYXJ5AP8="}}`, one("Binary\x00\xff"), true, true},
		{operators, "other bytes", `{"BinaryEquals":{"test:key":"QmluYXJ5AP8="}}`, one("Binary\x00\xfe"), false, false},
		{operators, "empty binary", `{"BinaryEquals":{"test:key":""}}`, one(""), true, true},
	})
}

func TestAddressConditions(t *testing.T) {
	checkConditions(t, []conditionCase{
		{operators, "in the range", `{"IpAddress":{"test:key":"203.0.113.0/24"}}`, one("203.0.113.255"), true, true},
		{operators, "outside", `{"IpAddress":{"test:key":"203.0.113.0/24"}}`, one("203.0.114.0"), false, false},
		{operators, "host bits in the range do not count", `{"IpAddress":{"test:key":"203.0.113.77/24"}}`, one("203.0.113.1"), true, true},
		{operators, "bare address", `{"IpAddress":{"test:key":"203.0.113.7"}}`, one("203.0.113.7"), true, true},
		{operators, "bare address, other", `{"IpAddress":{"test:key":"203.0.113.7"}}`, one("203.0.113.8"), false, false},
		{operators, "not in the ranges", `{"NotIpAddress":{"test:key":["203.0.113.0/24","198.51.100.0/24"]}}`, one("192.0.2.1"), true, true},
		{operators, "in one of the ranges", `{"NotIpAddress":{"test:key":["203.0.113.0/24","198.51.100.0/24"]}}`, one("198.51.100.1"), false, false},
		{operators, "IPv6", `{"IpAddress":{"test:key":"2001:DB8:1234:5678::/64"}}`, one("2001:db8:1234:5678:0:0:0:1"), true, true},
		{operators, "bare IPv6 in another spelling", `{"IpAddress":{"test:key":"2001:db8:0:0:0:0:0:1"}}`, one("2001:DB8::1"), true, true},
		{operators, "IPv4 never matches IPv6", `{"IpAddress":{"test:key":"::/0"}}`, one("203.0.113.1"), false, false},
		{operators, "IPv6 never matches IPv4", `{"IpAddress":{"test:key":"0.0.0.0/0"}}`, one("2001:db8::1"), false, false},
		{operators, "NotIpAddress of the other family", `{"NotIpAddress":{"test:key":"203.0.113.1"}}`, one("2001:db8::1"), true, true},
		{strict, "IPv4 mapped into IPv6", `{"IpAddress":{"test:key":"203.0.113.0/24"}}`, one("::ffff:203.0.113.9"), true, true},
		{strict, "range mapped into IPv6", `{"IpAddress":{"test:key":"::ffff:203.0.113.0/120"}}`, one("203.0.113.9"), true, true},
		{strict, "no address", `{"IpAddress":{"test:key":"0.0.0.0/0"}}`, one("localhost"), false, true},
		{strict, "no address, negated", `{"NotIpAddress":{"test:key":"0.0.0.0/0"}}`, one("localhost"), false, true},
		{strict, "range as a value", `{"IpAddress":{"test:key":"0.0.0.0/0"}}`, one("10.0.0.0/8"), false, true},
		{strict, "three numbers", `{"IpAddress":{"test:key":"0.0.0.0/0"}}`, one("10.0.0"), false, true},
		{strict, "zone", `{"IpAddress":{"test:key":"::/0"}}`, one("fe80::1%eth0"), false, true},
		{strict, "port", `{"IpAddress":{"test:key":"0.0.0.0/0"}}`, one("10.0.0.1:80"), false, true},
	})
}

func TestARNConditions(t *testing.T) {
	role := one("arn:aws:iam::123456789012:role/team/ci")
	checkConditions(t, []conditionCase{
		{operators, "equal", `{"ArnEquals":{"test:key":"arn:aws:iam::123456789012:role/team/ci"}}`, role, true, true},
		{operators, "ArnEquals has wildcards", `{"ArnEquals":{"test:key":"arn:aws:iam::*:role/*"}}`, role, true, true},
		{operators, "ArnLike", `{"ArnLike":{"test:key":"arn:aws:iam::12345678901?:role/team/*"}}`, role, true, true},
		{operators, "segments are matched one by one", `{"ArnLike":{"test:key":"arn:aws:*:role/team/ci::"}}`, role, false, false},
		{strict, "case counts", `{"ArnLike":{"test:key":"arn:aws:iam::*:ROLE/*"}}`, role, false, false},
		{operators, "colons in the last segment", `{"ArnLike":{"test:key":"arn:aws:logs:*:*:log-group:*:x"}}`, one("arn:aws:logs:r:1:log-group:a:b:x"), true, true},
		{operators, "not like", `{"ArnNotLike":{"test:key":"arn:aws:iam::*:user/*"}}`, role, true, true},
		{operators, "not like any", `{"ArnNotEquals":{"test:key":["arn:aws:iam::*:user/*","arn:aws:iam::*:role/*"]}}`, role, false, false},
		{strict, "no ARN", `{"ArnLike":{"test:key":"arn:*:*:*:*:*"}}`, one("ci"), false, true},
		{strict, "no ARN, negated", `{"ArnNotLike":{"test:key":"arn:aws:iam::*:user/*"}}`, one("ci"), false, true},
		{strict, "lone star", `{"ArnLike":{"test:key":"*"}}`, role, false, true},
		{strict, "lone star, negated", `{"ArnNotLike":{"test:key":"*"}}`, role, false, true},
		{strict, "lone star among ARNs", `{"ArnLike":{"test:key":["arn:aws:iam::*:role/*","*"]}}`, role, false, true},
		{strict, "lone star, missing key", `{"ArnLike":{"test:key":"*"}}`, nil, false, true},
		{strict, "lone star, negated, missing key", `{"ArnNotLike":{"test:key":"*"}}`, nil, false, true},
		{strict, "lone star, IfExists, missing key", `{"ArnLikeIfExists":{"test:key":"*"}}`, nil, false, true},
		{strict, "lone star, all of no values", `{"ForAllValues:ArnLike":{"test:key":"*"}}`, nil, false, true},
		{strict, "lone star, any of no values", `{"ForAnyValue:ArnLike":{"test:key":"*"}}`, nil, false, true},
		{operators, "variable in the account", `{"ArnLike":{"test:key":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}}`, also(role, "aws:PrincipalAccount", "123456789012"), true, true},
		{operators, "the whole is a variable", `{"ArnEquals":{"test:key":"${aws:PrincipalArn}"}}`, also(role, "aws:PrincipalArn", "arn:aws:iam::123456789012:role/team/ci"), true, true},
		{strict, "a variable's star is literal", `{"ArnLike":{"test:key":"arn:aws:iam::123456789012:role/${aws:username}"}}`, also(role, "aws:username", "*"), false, false},
		{operators, "a wildcard after a variable stays in its segment", `{"ArnLike":{"test:key":"arn:aws:${aws:username}*"}}`, also(role, "aws:username", "iam"), false, false},
		{operators, "a wildcard after a variable with all colons", `{"ArnLike":{"test:key":"${aws:username}*"}}`, also(role, "aws:username", "arn:aws:iam::123456789012:role/"), true, true},
		{noValue, "missing variable, negated", `{"ArnNotLike":{"test:key":"arn:aws:iam::123456789012:role/${aws:username}"}}`, role, true, true},
	})
}

func TestSetOperators(t *testing.T) {
	none := Context{}
	checkConditions(t, []conditionCase{
		{sets, "every value is listed", `{"ForAllValues:StringEquals":{"test:key":["a","b"]}}`, many("a", "b", "a"), true, true},
		{sets, "one value is not listed", `{"ForAllValues:StringEquals":{"test:key":["a","b"]}}`, many("a", "c"), false, false},
		{sets, "missing key", `{"ForAllValues:StringEquals":{"test:key":["a"]}}`, none, true, true},
		{sets, "empty list", `{"ForAllValues:StringEquals":{"test:key":["a"]}}`, many(), true, true},
		{sets, "empty string is an empty set", `{"ForAllValues:StringEquals":{"test:key":["a"]}}`, one(""), true, true},
		{strict, "list of an empty string is not an empty set", `{"ForAllValues:StringEquals":{"test:key":["a"]}}`, many(""), false, false},
		{sets, "no value is listed", `{"ForAllValues:StringNotEquals":{"test:key":["a","b"]}}`, many("c", "d"), true, true},
		{sets, "some value is listed", `{"ForAllValues:StringNotEquals":{"test:key":["a","b"]}}`, many("c", "a"), false, false},
		{sets, "any value", `{"ForAnyValue:StringEquals":{"test:key":["a","b"]}}`, many("c", "b"), true, true},
		{sets, "not any value", `{"ForAnyValue:StringEquals":{"test:key":["a","b"]}}`, many("c", "d"), false, false},
		{sets, "any, missing key", `{"ForAnyValue:StringEquals":{"test:key":["a"]}}`, none, false, false},
		{sets, "any, empty list", `{"ForAnyValue:StringNotEquals":{"test:key":["a"]}}`, many(), false, false},
		{sets, "any, empty string", `{"ForAnyValue:StringNotEquals":{"test:key":["a"]}}`, one(""), false, false},
		{sets, "any IfExists, missing key", `{"ForAnyValue:StringEqualsIfExists":{"test:key":["a"]}}`, none, false, false},
		{sets, "all IfExists, missing key", `{"ForAllValues:StringEqualsIfExists":{"test:key":["a"]}}`, none, true, true},
		{sets, "some value is not listed", `{"ForAnyValue:StringNotEquals":{"test:key":["a","b"]}}`, many("a", "c"), true, true},
		{sets, "every value is listed, negated any", `{"ForAnyValue:StringNotEquals":{"test:key":["a","b"]}}`, many("a", "b"), false, false},
		{sets, "wildcards", `{"ForAllValues:StringLike":{"test:key":["a*"]}}`, many("a", "ab"), true, true},
		{strict, "single-valued key is a list of one", `{"ForAllValues:StringEquals":{"test:key":["a"]}}`, one("a"), true, true},
		{strict, "single-valued key, any", `{"ForAnyValue:StringEquals":{"test:key":["a"]}}`, one("b"), false, false},
		{strict, "unreadable value, all", `{"ForAllValues:NumericLessThan":{"test:key":"10"}}`, many("1", "x"), false, true},
		{strict, "unreadable value, any", `{"ForAnyValue:NumericLessThan":{"test:key":"10"}}`, many("11", "x"), false, true},
		{sets, "addresses", `{"ForAnyValue:IpAddress":{"test:key":"10.0.0.0/8"}}`, many("192.0.2.1", "10.1.1.1"), true, true},

		{strict, "multivalued without set operator", `{"StringEquals":{"test:key":"a"}}`, many("a"), false, true},
		{strict, "multivalued without set operator, no match", `{"StringEquals":{"test:key":"a"}}`, many("b"), false, false},
		{strict, "multivalued without set operator, negated", `{"StringNotEquals":{"test:key":"a"}}`, many("a", "b"), false, true},
		{strict, "multivalued without set operator, negated, all listed", `{"StringNotEquals":{"test:key":"a"}}`, many("a"), false, false},
		{strict, "multivalued without set operator, IfExists", `{"StringEqualsIfExists":{"test:key":"a"}}`, many("b"), false, false},
		{strict, "empty list without set operator", `{"StringEquals":{"test:key":"a"}}`, many(), false, false},
		{strict, "empty list without set operator, negated", `{"StringNotEquals":{"test:key":"a"}}`, many(), false, true},
		{strict, "empty list without set operator, IfExists", `{"StringEqualsIfExists":{"test:key":"a"}}`, many(), false, true},
	})
}

// PMapper's tests record the policy simulator's answers for Null with a set operator: for
// no values, ForAllValues is true and ForAnyValue is false. Where that differs from Null
// alone, AWS does not document which is right.
func TestNullWithSetOperator(t *testing.T) {
	const recorded = "policy simulator, as PMapper's tests recorded it"
	for _, present := range []Context{one("a"), many("a", "b")} {
		for _, set := range []string{"ForAllValues", "ForAnyValue"} {
			checkConditions(t, []conditionCase{
				{recorded, set + " present, false", `{"` + set + `:Null":{"test:key":"false"}}`, present, true, true},
				{recorded, set + " present, true", `{"` + set + `:Null":{"test:key":"true"}}`, present, false, false},
				{recorded, set + " present, both", `{"` + set + `:Null":{"test:key":["true",false]}}`, present, true, true},
			})
		}
	}
	for _, absent := range []Context{nil, one(""), many()} {
		checkConditions(t, []conditionCase{
			{recorded, "all absent, true", `{"ForAllValues:Null":{"test:key":"true"}}`, absent, true, true},
			{strict, "all absent, false", `{"ForAllValues:Null":{"test:key":"false"}}`, absent, false, true},
			{strict, "all absent, no value to compare with", `{"ForAllValues:Null":{"test:key":[]}}`, absent, false, true},
			{recorded, "any absent, false", `{"ForAnyValue:Null":{"test:key":"false"}}`, absent, false, false},
			{strict, "any absent, true", `{"ForAnyValue:Null":{"test:key":"true"}}`, absent, false, true},
			{strict, "any absent, no value to compare with", `{"ForAnyValue:Null":{"test:key":[]}}`, absent, false, false},
		})
	}
}

func TestVersion2008HasNoVariables(t *testing.T) {
	for version, want := range map[string]bool{"": false, `"Version":"2008-10-17",`: false, `"Version":"2012-10-17",`: true} {
		p := mustCompile(t, RepositoryPolicy, `{`+version+`"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringEquals":{"test:key":"${aws:username}"}}}}`)
		s := &p.Statements[0]
		if got := s.conditionsHold(also(one("alice"), "aws:username", "alice"), unmetered()); got != want {
			t.Errorf("%s expands the variable: %v", version, got)
		}
		if got := s.conditionsHold(one("${aws:username}"), unmetered()); got == want {
			t.Errorf("%s takes the variable as text: %v", version, got)
		}
	}
}

// unmetered returns a meter that tests do not exhaust.
func unmetered() *meter {
	m := newMeter()
	return &m
}
