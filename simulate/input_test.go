package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"extauthz/iam"
)

const (
	pull      = "ecr:BatchGetImage"
	push      = "ecr:PutImage"
	repo      = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	otherRepo = "arn:aws:ecr:eu-central-1:999999999999:repository/team/app"
	alice     = "arn:aws:iam::123456789012:user/alice"
	session   = "arn:aws:sts::123456789012:assumed-role/ci/build"
	allowAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	denyAll   = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
	allowPush = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:PutImage","Resource":"*"}]}`
	denyPull  = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage","Resource":"*"}]}`
)

// granting returns a repository policy that allows everything to a principal.
func granting(principal string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"ecr:*"}]}`
}

// when returns an identity policy that allows everything under a condition.
func when(condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + condition + `}]}`
}

// fields is an input as a map.
type fields map[string]any

// ordered returns levels of service control policies, root first, in AWS's form.
func ordered(levels ...[]string) []map[string][]string {
	list := []map[string][]string{}
	for _, level := range levels {
		list = append(list, map[string][]string{"ServiceControlPolicyInputList": level})
	}
	return list
}

// with returns an input about pulling from repo, with other or more fields.
func with(more fields) fields {
	in := fields{"ActionNames": []string{pull}, "ResourceArns": []string{repo}}
	maps.Copy(in, more)
	for name, value := range in {
		if value == nil {
			delete(in, name)
		}
	}
	return in
}

func (f fields) text(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func simulated(t testing.TB, f fields) *Results {
	t.Helper()
	s, err := new(Simulator).Read("in.json", []byte(f.text(t)))
	if err != nil {
		t.Fatal(err)
	}
	return Simulate(s.ID, s.Evaluations)
}

// only returns the result of an input with one action and one resource.
func only(t testing.TB, f fields) EvaluationResult {
	t.Helper()
	r := simulated(t, f)
	if len(r.EvaluationResults) != 1 {
		t.Fatalf("%d results", len(r.EvaluationResults))
	}
	return r.EvaluationResults[0]
}

func entry(name, kind string, values ...string) []fields {
	if values == nil {
		values = []string{}
	}
	return []fields{{"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": values}}
}

// TestPolicyFields checks the effect of each field with policies.
func TestPolicyFields(t *testing.T) {
	identity := []string{allowAll}
	for _, c := range []struct {
		name string
		in   fields
		want string
	}{
		{"no policy at all", fields{}, "implicitDeny"},
		{"identity policy", fields{"PolicyInputList": identity}, "allowed"},
		{"two identity policies, one denies", fields{"PolicyInputList": []string{allowAll, denyAll}}, "explicitDeny"},
		{"boundary that allows", fields{"PolicyInputList": identity, "PermissionsBoundaryPolicyInputList": []string{allowAll}}, "allowed"},
		{"boundary that does not", fields{"PolicyInputList": identity, "PermissionsBoundaryPolicyInputList": []string{allowPush}}, "implicitDeny"},
		{"boundary that denies", fields{"PolicyInputList": identity, "PermissionsBoundaryPolicyInputList": []string{denyAll}}, "explicitDeny"},
		{"an empty list is not a boundary", fields{"PolicyInputList": identity, "PermissionsBoundaryPolicyInputList": []string{}}, "allowed"},
		{"session policy that does not allow", fields{"PolicyInputList": identity, "CallerArn": session, "SessionPolicyInputList": []string{allowPush}}, "implicitDeny"},
		{"one of two session policies allows", fields{"PolicyInputList": identity, "CallerArn": session, "SessionPolicyInputList": []string{allowPush, allowAll}}, "allowed"},
		{"SCP levels that all allow", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": [][]string{{allowAll}, {allowPush, allowAll}}}, "allowed"},
		{"SCP level that does not allow", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": [][]string{{allowAll}, {allowPush}}}, "implicitDeny"},
		{"SCP level without policies", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": [][]string{{allowAll}, {}}}, "implicitDeny"},
		{"ordered levels that all allow", fields{"PolicyInputList": identity, "OrderedOrganizationPolicyInputList": ordered([]string{allowAll}, []string{allowPush, allowAll})}, "allowed"},
		{"ordered level that does not allow", fields{"PolicyInputList": identity, "OrderedOrganizationPolicyInputList": ordered([]string{allowAll}, []string{allowPush}, []string{allowAll})}, "implicitDeny"},
		{"ordered level that denies", fields{"PolicyInputList": identity, "OrderedOrganizationPolicyInputList": ordered([]string{allowAll, denyAll}, []string{allowAll})}, "explicitDeny"},
		{"ordered level without policies", fields{"PolicyInputList": identity, "OrderedOrganizationPolicyInputList": ordered([]string{allowAll}, []string{})}, "implicitDeny"},
		{"ordered levels cap a resource policy", fields{"CallerArn": alice, "ResourcePolicy": granting(`"*"`), "OrderedOrganizationPolicyInputList": ordered([]string{allowPush})}, "implicitDeny"},
		{"ordered levels do not bind a service", fields{"CallerArn": "ecs.amazonaws.com", "ResourcePolicy": granting(`{"Service":"ecs.amazonaws.com"}`), "OrderedOrganizationPolicyInputList": ordered([]string{denyAll})}, "allowed"},
		{"no ordered level", fields{"PolicyInputList": identity, "OrderedOrganizationPolicyInputList": ordered()}, "allowed"},
		{"ordered levels and RCPs", fields{"PolicyInputList": identity, "OrderedOrganizationPolicyInputList": ordered([]string{allowAll}), "ResourceControlPolicyInputList": [][]string{{denyPull}}}, "explicitDeny"},
		{"no SCP level", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": [][]string{}}, "allowed"},
		{"RCP that denies", fields{"PolicyInputList": identity, "ResourceControlPolicyInputList": [][]string{{}, {denyPull}}}, "explicitDeny"},
		{"RCP levels without policies", fields{"PolicyInputList": identity, "ResourceControlPolicyInputList": [][]string{{}, {}}}, "allowed"},
		{"resource policy that grants", fields{"CallerArn": alice, "ResourcePolicy": granting(`"*"`)}, "allowed"},
		{"resource policy that denies", fields{"PolicyInputList": identity, "ResourcePolicy": denyPull}, "explicitDeny"},
		{"registry policy that denies", fields{"PolicyInputList": identity, "RegistryPolicy": denyPull}, "explicitDeny"},
		{"registry policy as a list", fields{"PolicyInputList": identity, "RegistryPolicy": []string{denyPull}}, "explicitDeny"},
		{"an empty list is not a registry policy", fields{"PolicyInputList": identity, "RegistryPolicy": []string{}}, "allowed"},
		{"AWS's fields that change nothing", fields{"PolicyInputList": identity, "MaxItems": 1, "Marker": "m", "ResourceHandlingOption": "EC2-VPC-EBS"}, "allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := only(t, with(c.in)).EvalDecision; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestCallers checks the meaning of CallerArn.
func TestCallers(t *testing.T) {
	identity := []string{allowAll}
	serviceRole := entry("aws:PrincipalArn", "string", "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/ci")
	otherRole := entry("aws:PrincipalArn", "string", "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/cd")
	noSCP := [][]string{{allowPush}}
	for _, c := range []struct {
		name string
		in   fields
		want string
	}{
		{"absent: the policies are attached", fields{"PolicyInputList": identity}, "allowed"},
		{"absent: of the resource's account", fields{"PolicyInputList": identity, "ResourceArns": []string{otherRepo}}, "allowed"},
		{"absent: of the owner's account", fields{"PolicyInputList": identity, "ResourceOwner": "999999999999", "ResourcePolicy": granting(`{"AWS":"123456789012"}`)}, "allowed"},
		{"absent: \"*\" names it", fields{"ResourcePolicy": granting(`"*"`)}, "allowed"},
		{"absent: the account only delegates to it", fields{"ResourcePolicy": granting(`{"AWS":"123456789012"}`)}, "implicitDeny"},
		{"absent: no user is it", fields{"ResourcePolicy": granting(`{"AWS":["` + alice + `","arn:aws:iam::123456789012:root"]}`)}, "implicitDeny"},
		{"absent: SCPs bind it", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": noSCP}, "implicitDeny"},
		{"absent: about no resource", fields{"PolicyInputList": identity, "ResourceArns": nil}, "allowed"},
		{"absent: a resource without an account", fields{"PolicyInputList": identity, "ResourceArns": []string{"arn:aws:s3:::bucket/key"}}, "allowed"},
		{"absent: a resource of AWS itself", fields{"PolicyInputList": identity, "ResourceArns": []string{"arn:aws:iam::aws:policy/X"}}, "allowed"},
		{"absent: another partition", fields{"PolicyInputList": identity, "ResourceArns": []string{"arn:aws-cn:ecr:cn-north-1:123456789012:repository/a"}}, "allowed"},
		{"user", fields{"CallerArn": alice, "ResourcePolicy": granting(`{"AWS":"` + alice + `"}`)}, "allowed"},
		{"another user", fields{"CallerArn": alice + "2", "ResourcePolicy": granting(`{"AWS":"` + alice + `"}`)}, "implicitDeny"},
		{"root user", fields{"CallerArn": "arn:aws:iam::123456789012:root"}, "allowed"},
		{"root user, denied", fields{"CallerArn": "arn:aws:iam::123456789012:root", "ResourcePolicy": `{"Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:*"}}`}, "explicitDeny"},
		{"root user beyond a service control policy", fields{"CallerArn": "arn:aws:iam::123456789012:root", "ServiceControlPolicyInputList": noSCP}, "implicitDeny"},
		{"root user of another account", fields{"CallerArn": "arn:aws:iam::999999999999:root"}, "implicitDeny"},
		{"role session", fields{"CallerArn": session, "ResourcePolicy": granting(`{"AWS":"arn:aws:iam::123456789012:role/team/ci"}`)}, "allowed"},
		{"federated user without a session policy", fields{"CallerArn": "arn:aws:sts::123456789012:federated-user/bob", "PolicyInputList": identity}, "implicitDeny"},
		{"federated user with one", fields{"CallerArn": "arn:aws:sts::123456789012:federated-user/bob", "PolicyInputList": identity, "SessionPolicyInputList": identity}, "allowed"},
		{"anonymous, granted to everyone", fields{"CallerArn": "", "ResourcePolicy": granting(`"*"`)}, "allowed"},
		{"anonymous, identity policies do not count", fields{"CallerArn": "", "PolicyInputList": identity}, "implicitDeny"},
		{"service, granted to it", fields{"CallerArn": "replication.ecr.amazonaws.com", "ResourcePolicy": granting(`{"Service":"replication.ecr.amazonaws.com"}`)}, "allowed"},
		{"service, granted to another", fields{"CallerArn": "replication.ecr.amazonaws.com", "ResourcePolicy": granting(`{"Service":"lambda.amazonaws.com"}`)}, "implicitDeny"},
		{"session of a service-linked role", fields{"CallerArn": session, "PolicyInputList": identity, "ServiceControlPolicyInputList": noSCP, "ContextEntries": serviceRole}, "allowed"},
		{"session whose role is unknown", fields{"CallerArn": session, "PolicyInputList": identity, "ServiceControlPolicyInputList": noSCP}, "implicitDeny"},
		{"aws:PrincipalArn of another role has no effect", fields{"CallerArn": session, "PolicyInputList": identity, "ServiceControlPolicyInputList": noSCP, "ContextEntries": otherRole}, "implicitDeny"},
		{"and does not remove the caller", fields{"CallerArn": session, "PolicyInputList": identity, "ContextEntries": otherRole}, "allowed"},
		{"nor does one with a wildcard", fields{"CallerArn": session, "PolicyInputList": identity, "ContextEntries": entry("aws:PrincipalArn", "string", "arn:aws:iam::123456789012:role/*/ci")}, "allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := only(t, with(c.in)).EvalDecision; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestUnnamedCaller checks that only the account and "*" match the caller of an input
// without CallerArn.
func TestUnnamedCaller(t *testing.T) {
	s, err := new(Simulator).Read("in.json", []byte(with(nil).text(t)))
	if err != nil {
		t.Fatal(err)
	}
	q := s.Evaluations[0]
	if p := q.Request.Principal; !q.Unnamed || p.Kind != iam.UnnamedPrincipal || p.Account != "123456789012" {
		t.Errorf("caller %+v", p)
	}
	if got := only(t, with(nil)).EvalDecision; got != "implicitDeny" {
		t.Errorf("without policies it has the access of a root user: %s", got)
	}
	deny := func(element string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny",` + element + `,"Action":"ecr:*"}]}`
	}
	for element, want := range map[string]string{
		`"Principal":{"AWS":"` + q.Request.Principal.ARN + `"}`:    "explicitDeny",
		`"NotPrincipal":{"AWS":"` + q.Request.Principal.ARN + `"}`: "explicitDeny",
		`"NotPrincipal":"*"`:                  "allowed",
		`"Principal":{"AWS":"` + alice + `"}`: "allowed",
	} {
		if got := only(t, with(fields{"PolicyInputList": []string{allowAll}, "ResourcePolicy": deny(element)})).EvalDecision; got != want {
			t.Errorf("a Deny with %s: %s, want %s", element, got, want)
		}
	}
}

// TestOwners checks the meaning of ResourceOwner.
func TestOwners(t *testing.T) {
	identity := []string{allowAll}
	bucket := []string{"arn:aws:s3:::bucket/key"}
	for _, c := range []struct {
		name string
		in   fields
		want string
	}{
		{"absent: the account in the ARN, the caller's", fields{"CallerArn": alice, "PolicyInputList": identity}, "allowed"},
		{"absent: the account in the ARN, another", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceArns": []string{otherRepo}}, "implicitDeny"},
		{"absent: no account in the ARN, the caller's", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceArns": bucket}, "allowed"},
		{"an account id", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceArns": bucket, "ResourceOwner": "999999999999"}, "implicitDeny"},
		{"a root ARN", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceArns": bucket, "ResourceOwner": "arn:aws:iam::999999999999:root"}, "implicitDeny"},
		{"the caller's account", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceArns": bucket, "ResourceOwner": "arn:aws:iam::123456789012:root"}, "allowed"},
		{"counts before the ARN", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceOwner": "999999999999"}, "implicitDeny"},
		{"across accounts both allow", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceOwner": "999999999999", "ResourcePolicy": granting(`{"AWS":"123456789012"}`)}, "allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := only(t, with(c.in)).EvalDecision; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestConditionKeysWithColons uses keys that AWS documents (AWS KMS Developer Guide, "AWS
// KMS condition keys"; Service Authorization Reference for Amazon SageMaker).
func TestConditionKeysWithColons(t *testing.T) {
	for _, key := range []string{"kms:EncryptionContext:app", "kms:EncryptionContext:aws:s3:arn", "kms:RecipientAttestation:PCR0", "sagemaker:ModelLifeCycle:Stage", "ssm:resourceTag/aws:ssmmessages:session-id", "app"} {
		for value, want := range map[string]string{"web": "allowed", "other": "implicitDeny"} {
			in := fields{"PolicyInputList": []string{when(`{"StringEquals":{"` + key + `":"web"}}`)}, "ContextEntries": entry(strings.ToUpper(key), "string", value)}
			got, err := new(Simulator).Read("in.json", []byte(with(in).text(t)))
			if err != nil {
				t.Fatal(err)
			}
			if decision := Simulate(nil, got.Evaluations).EvaluationResults[0].EvalDecision; decision != want {
				t.Errorf("%s of %s: %s, want %s", key, value, decision, want)
			}
		}
	}
}

// TestContextEntries checks the values of each ContextKeyType.
func TestContextEntries(t *testing.T) {
	for _, c := range []struct {
		name      string
		condition string
		entries   []fields
		want      string
	}{
		{"string", `{"StringEquals":{"aws:username":"alice"}}`, entry("aws:username", "string", "alice"), "allowed"},
		{"names without regard to case", `{"StringEquals":{"aws:username":"alice"}}`, entry("AWS:UserName", "string", "alice"), "allowed"},
		{"empty string", `{"Null":{"aws:username":"true"}}`, entry("aws:username", "string", ""), "allowed"},
		{"stringList", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"b"}}`, entry("aws:TagKeys", "stringList", "a", "b"), "allowed"},
		{"stringList of one is multivalued", `{"StringEquals":{"aws:TagKeys":"a"}}`, entry("aws:TagKeys", "stringList", "a"), "implicitDeny"},
		{"stringList of none", `{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`, entry("aws:TagKeys", "stringList"), "allowed"},
		{"no type is string", `{"StringEquals":{"aws:username":"alice"}}`, entry("aws:username", "", "alice"), "allowed"},
		{"no type and several values is stringList", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"b"}}`, entry("aws:TagKeys", "", "a", "b"), "allowed"},
		{"numeric", `{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}`, entry("aws:MultiFactorAuthAge", "numeric", "30.5"), "allowed"},
		{"numericList", `{"ForAllValues:NumericLessThan":{"x:n":"5"}}`, entry("x:n", "numericList", "1", "7"), "implicitDeny"},
		{"boolean", `{"Bool":{"aws:SecureTransport":"true"}}`, entry("aws:SecureTransport", "boolean", "True"), "allowed"},
		{"booleanList", `{"ForAnyValue:Bool":{"x:b":"true"}}`, entry("x:b", "booleanList", "false", "true"), "allowed"},
		{"ip", `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, entry("aws:SourceIp", "ip", "192.0.2.7"), "allowed"},
		{"ipList", `{"ForAllValues:IpAddress":{"x:ip":"2001:db8::/32"}}`, entry("x:ip", "ipList", "2001:db8::1", "2001:db8::2"), "allowed"},
		{"binary", `{"BinaryEquals":{"x:key":"AAEC/w=="}}`, entry("x:key", "binary", "AAEC/w=="), "allowed"},
		{"binary is decoded", `{"StringEquals":{"x:key":"abc"}}`, entry("x:key", "binary", "YWJj"), "allowed"},
		{"binaryList", `{"ForAnyValue:BinaryEquals":{"x:key":"YWJj"}}`, entry("x:key", "binaryList", "AA==", "YWJj"), "allowed"},
		{"date", `{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}`, entry("aws:CurrentTime", "date", "2025-06-01T12:00:00+02:00"), "allowed"},
		{"date in seconds", `{"DateLessThan":{"aws:EpochTime":"2026-01-01T00:00:00Z"}}`, entry("aws:EpochTime", "date", "1700000000"), "allowed"},
		{"dateList", `{"ForAnyValue:DateGreaterThan":{"x:d":"2026-01-01"}}`, entry("x:d", "dateList", "2025", "2027"), "allowed"},
		{"no clock is read", `{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`, nil, "implicitDeny"},
		{"nothing is derived from the caller", `{"StringEquals":{"aws:username":"alice"}}`, nil, "implicitDeny"},
		{"not even aws:PrincipalArn", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:*"}}`, nil, "implicitDeny"},
		{"nor aws:PrincipalAccount", `{"Null":{"aws:PrincipalAccount":"true"}}`, nil, "allowed"},
		{"aws:PrincipalArn is in the context", `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/team/ci"}}`,
			entry("aws:PrincipalArn", "string", "arn:aws:iam::123456789012:role/team/ci"), "allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := fields{"PolicyInputList": []string{when(c.condition)}, "CallerArn": session}
			if c.entries != nil {
				in["ContextEntries"] = c.entries
			}
			if got := only(t, with(in)).EvalDecision; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestOrderOfResults checks that the output has a result for each action and, within it,
// each resource, in the order of the input.
func TestOrderOfResults(t *testing.T) {
	r := simulated(t, with(fields{"ActionNames": []string{push, pull, push}, "ResourceArns": []string{repo, "*", otherRepo}, "PolicyInputList": []string{allowPush}}))
	var got []string
	for _, e := range r.EvaluationResults {
		got = append(got, fmt.Sprintf("%s %s %s", e.EvalActionName[4:], strings.TrimPrefix(e.EvalResourceName, "arn:aws:ecr:eu-central-1:"), e.EvalDecision))
	}
	want := []string{
		"PutImage 123456789012:repository/team/app allowed", "PutImage * allowed", "PutImage 999999999999:repository/team/app allowed",
		"BatchGetImage 123456789012:repository/team/app implicitDeny", "BatchGetImage * implicitDeny", "BatchGetImage 999999999999:repository/team/app implicitDeny",
		"PutImage 123456789012:repository/team/app allowed", "PutImage * allowed", "PutImage 999999999999:repository/team/app allowed",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || r.IsTruncated {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	if e := only(t, with(fields{"ResourceArns": []string{}})); e.EvalResourceName != "*" {
		t.Errorf("without resources the resource is %q", e.EvalResourceName)
	}
}
