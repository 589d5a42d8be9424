package stsapi

import (
	"net/url"
	"strings"
	"testing"

	_ "extauthz/goldentest"
)

// FuzzParse checks that a request is what the form says, within AWS's limits, or an error with a
// code.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"Action=GetCallerIdentity&Version=2011-06-15",
		"Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/a&RoleSessionName=ab&DurationSeconds=900&Policy={}&PolicyArns.member.1.arn=x&Tags.member.1.Key=a&Tags.member.1.Value=b&TransitiveTagKeys.member.1=a&ExternalId=xy&SourceIdentity=me",
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:a&RoleSessionName=ab&WebIdentityToken=x",
		"Action=GetFederationToken&Version=2011-06-15&Name=ab&Tags.member.2.Key=a&Tags.member.1.Value=b",
		"Action=DecodeAuthorizationMessage&Version=2011-06-15&EncodedMessage=x", "%zz", "Tags.member.99999999999999999999.Key=a&Action=GetFederationToken",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		r, problem := Parse([]byte(form))
		if problem != nil {
			if r != nil || problem.Code == "" || problem.Message == "" || problem.Code.status() < 400 {
				t.Errorf("request %+v, error %+v", r, problem)
			}
			return
		}
		values, err := url.ParseQuery(form)
		if err != nil || values.Get("Action") != string(r.Action) || values.Get("Version") != Version {
			t.Errorf("accepted %q: %v", form, err)
		}
		c := r.Credentials
		if c == nil {
			return
		}
		if len(c.Tags) > maxTags || len(c.PolicyARNs) > maxPolicyARNs || len(c.TransitiveTagKeys) > maxTags || c.Duration < 0 {
			t.Errorf("beyond the limits: %+v", c)
		}
		read := 2 // the parameters that are in the request
		for _, text := range []string{c.RoleARN, c.SessionName, c.Name, c.Policy, c.ExternalID, c.SourceIdentity, r.WebIdentityToken} {
			if text != "" {
				read++
			}
		}
		if read += len(c.PolicyARNs) + len(c.TransitiveTagKeys) + 2*len(c.Tags); c.Duration != 0 {
			read++
		}
		for _, all := range values {
			if strings.Join(all, "") == "" {
				read++ // an empty one may be left out
			}
		}
		if read < len(values) {
			t.Errorf("%d of %d parameters are in %+v", read, len(values), r)
		}
	})
}
