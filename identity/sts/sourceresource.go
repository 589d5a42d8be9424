package sts

import (
	"fmt"
	"strings"

	"extauthz/iam"
)

// A SourceResource is the resource for which an AWS service calls, such as a Lambda
// function whose image the service pulls. Policies see it as aws:SourceArn and
// aws:SourceAccount (IAM User Guide, "AWS global condition context keys", properties
// of the network and of the requested resource).
type SourceResource struct {
	ARN     string // "" for none
	Account string // "" means the account in ARN, if it has one
}

// maxSourceARN is the longest ARN that AWS documents (IAM API Reference, arnType).
const maxSourceARN = 2048

// Check checks that the source is one resource and its account. The errors do not repeat
// the values, which may come from a client's credential.
func (s SourceResource) Check() error {
	if s == (SourceResource{}) {
		return nil
	}
	account := s.Account
	if s.ARN != "" {
		arn, err := iam.ParseARN(s.ARN)
		switch {
		case err != nil || len(s.ARN) > maxSourceARN || strings.ContainsAny(s.ARN, "*?"):
			return fmt.Errorf("sourceArn: write the ARN of one resource, such as arn:aws:lambda:eu-central-1:123456789012:function:builder")
		case account != "" && arn.Account != "" && account != arn.Account:
			return fmt.Errorf("sourceAccount: it is not the account in sourceArn; remove one of the two")
		case account == "":
			account = arn.Account
		}
	}
	if account != "" && (len(account) != 12 || strings.Trim(account, "0123456789") != "") {
		return fmt.Errorf("sourceAccount: write the 12 digits of an account")
	}
	return nil
}

// account returns the account of the resource, "" if it is not known.
func (s SourceResource) account() string {
	if s.Account != "" || s.ARN == "" {
		return s.Account
	}
	arn, err := iam.ParseARN(s.ARN)
	if err != nil {
		return ""
	}
	return arn.Account
}

// sourceResourceKeys returns the condition keys of a source resource, with the organization of its
// account.
func (e *Entities) sourceResourceKeys(s SourceResource) iam.Context {
	var c iam.Context
	if s.ARN != "" {
		c = append(c, iam.ContextEntry{Key: "aws:SourceArn", Value: s.ARN})
	}
	account := s.account()
	if account == "" {
		return c
	}
	c = append(c, iam.ContextEntry{Key: "aws:SourceAccount", Value: account})
	return append(c, e.membership.keys(account, "aws:SourceOrgID", "aws:SourceOrgPaths")...)
}
