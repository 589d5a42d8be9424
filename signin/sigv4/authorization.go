package sigv4

import (
	"regexp"
	"slices"
	"strings"
)

// An authorization is a parsed Authorization header (IAM User Guide, "Create a signed AWS API
// request", "Add the signature to the request").
type authorization struct {
	accessKeyID, date, region, service string

	signedHeaders []string
	signature     string
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"

	maxAuthorization = 4 << 10 // bytes
)

// header is the form of the header. Other spellings, orders and parts are refused.
var header = regexp.MustCompile(`^` + algorithm + ` Credential=([A-Za-z0-9]{1,128})/([0-9]{8})/([a-z0-9-]{1,64})/([a-z0-9-]{1,64})/` + terminator +
	`, ?SignedHeaders=([a-z0-9_-]+(?:;[a-z0-9_-]+)*), ?Signature=([0-9a-f]{64})$`)

// parseAuthorization parses the only value of the header.
func parseAuthorization(values []string) (*authorization, error) {
	switch {
	case len(values) == 0:
		return nil, &Error{Missing, "Request is missing Authentication Token"}
	case len(values) > 1:
		return nil, incomplete("the Authorization header is repeated")
	case len(values[0]) > maxAuthorization:
		return nil, incomplete("the Authorization header is too long")
	case !strings.HasPrefix(values[0], algorithm+" "):
		return nil, incomplete("the Authorization header is not that of " + algorithm)
	}
	part := header.FindStringSubmatch(values[0])
	if part == nil {
		return nil, incomplete("the Authorization header must have Credential with the scope DATE/REGION/SERVICE/" + terminator + ", SignedHeaders and Signature")
	}
	a := &authorization{part[1], part[2], part[3], part[4], strings.Split(part[5], ";"), part[6]}
	for i, name := range a.signedHeaders {
		if i > 0 && a.signedHeaders[i-1] >= name {
			return nil, incomplete("SignedHeaders must be sorted, each once")
		}
	}
	if slices.Contains(a.signedHeaders, "authorization") {
		return nil, incomplete("the Authorization header cannot be signed")
	}
	return a, nil
}

// String returns the header as the signer writes it.
func (a *authorization) String() string {
	return algorithm + " Credential=" + strings.Join([]string{a.accessKeyID, a.date, a.region, a.service, terminator}, "/") +
		", SignedHeaders=" + strings.Join(a.signedHeaders, ";") + ", Signature=" + a.signature
}
