package sts

import (
	"strings"
	"testing"

	"extauthz/iam/iamtest"
)

// TestSourceOfAService checks that a service has the condition keys of the resource for
// which it calls, with the organization of its account.
func TestSourceOfAService(t *testing.T) {
	entities := NewEntities(member, nil)
	const function, foreign, bucket = "arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws:lambda:us-east-1:999999999999:function:f", "arn:aws:s3:::bucket"
	for _, c := range []struct {
		name   string
		source SourceResource
		want   [4]string // aws:SourceArn, aws:SourceAccount, aws:SourceOrgID, aws:SourceOrgPaths
	}{
		{"none", SourceResource{}, [4]string{}},
		{"an ARN", SourceResource{ARN: function}, [4]string{function, "123456789012", "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/"}},
		{"an ARN and its account", SourceResource{function, "123456789012"}, [4]string{function, "123456789012", "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/"}},
		{"an account outside the organization", SourceResource{ARN: foreign}, [4]string{foreign, "999999999999", "", ""}},
		{"an account alone", SourceResource{Account: "123456789012"}, [4]string{"", "123456789012", "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/"}},
		{"an ARN without account", SourceResource{ARN: bucket}, [4]string{bucket, "", "", ""}},
		{"an ARN without account, and the account", SourceResource{bucket, "999999999999"}, [4]string{bucket, "999999999999", "", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, err := entities.Caller(&CallerSpec{Principal: "lambda.amazonaws.com", SourceResource: c.source})
			if err != nil {
				t.Fatal(err)
			}
			iamtest.CheckKeys(t, caller.Context, map[string]string{
				"aws:SourceArn": c.want[0], "aws:SourceAccount": c.want[1], "aws:SourceOrgID": c.want[2], "aws:SourceOrgPaths": c.want[3],
				"aws:PrincipalServiceName": "lambda.amazonaws.com", "aws:PrincipalOrgID": "",
			})
		})
	}
}

func TestSourceRefuses(t *testing.T) {
	entities := NewEntities(nil, nil)
	const function = "arn:aws:lambda:us-east-1:123456789012:function:f"
	for _, c := range []struct {
		name, principal string
		source          SourceResource
		want            string
	}{
		{"a root user", "arn:aws:iam::123456789012:root", SourceResource{ARN: function}, "allowed only for an AWS service principal; remove them"},
		{"a root user's account", "arn:aws:iam::123456789012:root", SourceResource{Account: "123456789012"}, "allowed only for an AWS service principal; remove them"},
		{"not an ARN", "lambda.amazonaws.com", SourceResource{ARN: "function:f"}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"an ARN with a wildcard", "lambda.amazonaws.com", SourceResource{ARN: function + "*"}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"an ARN that is too long", "lambda.amazonaws.com", SourceResource{ARN: function + strings.Repeat("f", 2048)}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"an invalid account in an ARN", "lambda.amazonaws.com", SourceResource{ARN: "arn:aws:lambda:us-east-1:1234:function:f"}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"AWS as account", "lambda.amazonaws.com", SourceResource{ARN: "arn:aws:iam::aws:policy/x"}, "sourceAccount is not an account id; write 12 digits"},
		{"another account", "lambda.amazonaws.com", SourceResource{function, "999999999999"}, "sourceAccount is not the account in sourceArn"},
		{"not an account", "lambda.amazonaws.com", SourceResource{Account: "1234"}, "sourceAccount is not an account id; write 12 digits"},
		{"a wildcard for an account", "lambda.amazonaws.com", SourceResource{Account: "12345678901*"}, "sourceAccount is not an account id; write 12 digits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if caller, err := entities.Caller(&CallerSpec{Principal: c.principal, SourceResource: c.source}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, error %v; want %s", caller, err, c.want)
			}
		})
	}
}
