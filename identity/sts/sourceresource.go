package sts

import (
	"strings"

	"extauthz/diag"
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

// Check checks that the source is one resource and its account.
func (s SourceResource) Check() error {
	_, err := s.account()
	return err
}

// account returns the account of the resource, "" if it is not known. The errors do not
// repeat the values, which may come from a client's credential.
func (s SourceResource) account() (string, error) {
	account := s.Account
	if s.ARN != "" {
		arn, err := iam.ParseARN(s.ARN)
		switch {
		case err != nil || len(s.ARN) > maxSourceARN || strings.ContainsAny(s.ARN, "*?"):
			return "", diag.Problemf("sourceArn is not the ARN of one resource").WithRemedy("write one such as arn:aws:lambda:eu-central-1:123456789012:function:builder")
		case account != "" && arn.Account != "" && account != arn.Account:
			return "", diag.Problemf("sourceAccount is not the account in sourceArn").WithRemedy("remove one of the two")
		case account == "":
			account = arn.Account
		}
	}
	if account != "" && !iam.IsAccount(account) {
		return "", diag.Problemf("sourceAccount is not an account id").WithRemedy("write 12 digits")
	}
	return account, nil
}
