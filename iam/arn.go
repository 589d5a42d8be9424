package iam

import (
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name split at its first five colons:
// arn:partition:service:region:account:resource. Region and Account may be
// empty; Resource may contain colons and slashes.
// Source: IAM User Guide, "Amazon Resource Names (ARNs)".
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// arnColons is the number of colons that separate the segments of an ARN;
// every colon after them belongs to the resource.
const arnColons = 5

// ParseARN splits s. It fails unless s has all six segments, the first of which is
// "arn", names a partition, a service and a resource, and does not contain a blank or a
// control character. The account is empty, has twelve digits, or is "aws" (AWS's managed
// policies). Wildcards are ordinary characters here: a request may contain
// "repository/*" literally.
func ParseARN(s string) (ARN, error) {
	a, ok := splitARN(s)
	if !ok {
		return ARN{}, invalid(s, "is not an ARN", "write arn:partition:service:region:account:resource")
	}
	if a.Account != "" && a.Account != "aws" && !IsAccount(a.Account) {
		return ARN{}, invalid(s, fmt.Sprintf("is an ARN whose account %q does not have twelve digits", a.Account), "write the account's id, such as 123456789012")
	}
	return a, nil
}

// String joins the segments again; it is the inverse of ParseARN.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// LastSegment returns what follows the last slash of an ARN or of a resource: a name
// without its path.
func LastSegment(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// splitARN is ParseARN for evaluation: it does not allocate, and only reports whether s
// can be an ARN.
func splitARN(s string) (ARN, bool) {
	var colons [arnColons]int
	found, printable := 0, true
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && found < arnColons:
			colons[found] = i
			found++
		case c <= ' ' || c == 0x7f:
			printable = false
		}
	}
	if found < arnColons {
		return ARN{}, false
	}
	a := ARN{
		Partition: s[colons[0]+1 : colons[1]],
		Service:   s[colons[1]+1 : colons[2]],
		Region:    s[colons[2]+1 : colons[3]],
		Account:   s[colons[3]+1 : colons[4]],
		Resource:  s[colons[4]+1:],
	}
	return a, printable && s[:colons[0]] == "arn" && a.Partition != "" && a.Service != "" && a.Resource != ""
}

// IsAccount reports whether s is an account id: twelve decimal digits (AWS Account
// Management Reference Guide).
func IsAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
