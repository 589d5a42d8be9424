package simulate

import (
	"fmt"
	"strings"
	"testing"
)

func matched(e EvaluationResult) string {
	ids := []string{}
	for _, s := range e.MatchedStatements {
		ids = append(ids, fmt.Sprintf("%s(%s)%d:%d-%d:%d", s.SourcePolicyID, s.SourcePolicyType, s.StartPosition.Line, s.StartPosition.Column, s.EndPosition.Line, s.EndPosition.Column))
	}
	return strings.Join(ids, " ")
}

// TestMatchedStatements checks the statements that determine a decision, with ID, type
// and position.
func TestMatchedStatements(t *testing.T) {
	scp, rcp := [][]string{{allowAll}, {allowPush, allowAll}}, [][]string{{}, {denyPull}}
	for _, c := range []struct {
		name string
		in   fields
		want string
	}{
		{"allow", fields{"PolicyInputList": []string{allowPush, allowAll}}, "PolicyInputList.2(IAM Policy)1:38-1:84"},
		{"implicit deny", fields{"PolicyInputList": []string{allowPush}}, ""},
		{"implicit deny by the boundary", fields{"PolicyInputList": []string{allowAll}, "PermissionsBoundaryPolicyInputList": []string{allowPush}}, ""},
		{"only what denies", fields{"PolicyInputList": []string{allowAll, denyAll}}, "PolicyInputList.2(IAM Policy)1:38-1:83"},
		{"boundary", fields{"PolicyInputList": []string{allowAll}, "PermissionsBoundaryPolicyInputList": []string{denyAll}},
			"PermissionsBoundaryPolicyInputList.1(Permissions Boundary Policy)1:38-1:83"},
		{"session policy", fields{"PolicyInputList": []string{allowAll}, "SessionPolicyInputList": []string{allowPush, denyAll}}, "SessionPolicyInputList.2(Session Policy)1:38-1:83"},
		{"SCP of a level", fields{"PolicyInputList": []string{allowPush}, "ActionNames": []string{push}, "ServiceControlPolicyInputList": scp},
			"ServiceControlPolicyInputList.1.1(Service Control Policy)1:38-1:84 ServiceControlPolicyInputList.2.1(Service Control Policy)1:38-1:95 " +
				"ServiceControlPolicyInputList.2.2(Service Control Policy)1:38-1:84 PolicyInputList.1(IAM Policy)1:38-1:95"},
		{"RCP of a level", fields{"PolicyInputList": []string{allowAll}, "ResourceControlPolicyInputList": rcp}, "ResourceControlPolicyInputList.2.1(Resource Control Policy)1:38-1:115"},
		{"resource policy", fields{"CallerArn": alice, "ResourcePolicy": granting(`"*"`)}, "ResourcePolicy(Resource Policy)1:38-1:89"},
		{"registry policy", fields{"PolicyInputList": []string{allowAll}, "RegistryPolicy": denyPull}, "RegistryPolicy(Resource Policy)1:38-1:115"},
		{"a statement of several lines", fields{"PolicyInputList": []string{"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resource\": \"*\"},\n" +
			"    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}"}}, "PolicyInputList.1(IAM Policy)5:5-9:6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := only(t, with(c.in))
			if got := matched(e); got != c.want {
				t.Errorf("matched\n%s, want\n%s", got, c.want)
			}
			if specific := e.ResourceSpecificResults[0]; fmt.Sprint(specific.MatchedStatements) != fmt.Sprint(e.MatchedStatements) {
				t.Errorf("for the resource %v", specific.MatchedStatements)
			}
		})
	}
}

// TestDetails checks when the details are present, and their contents. "-" means that
// they are absent.
func TestDetails(t *testing.T) {
	identity := []string{allowAll}
	deny, allow, none := [][]string{{denyAll}}, [][]string{{allowAll}}, [][]string{{allowPush}}
	boundary := "PermissionsBoundaryPolicyInputList"
	for _, c := range []struct {
		name                              string
		in                                fields
		organizations, boundary, decision string
	}{
		{"same account", fields{"PolicyInputList": identity}, "-", "-", "map[]"},
		{"no resource", fields{"PolicyInputList": identity, "ResourceArns": nil}, "-", "-", "-"},
		{"the resource *", fields{"PolicyInputList": identity, "ResourceArns": []string{"*"}}, "-", "-", "-"},
		{"boundary allows", fields{"PolicyInputList": identity, boundary: identity}, "-", "true", "map[]"},
		{"boundary does not", fields{"PolicyInputList": identity, boundary: []string{allowPush}}, "-", "false", "map[]"},
		{"boundary denies", fields{"PolicyInputList": identity, boundary: []string{denyAll}}, "-", "false", "map[]"},
		{"boundary bypassed by a direct grant", fields{"CallerArn": alice, "ResourcePolicy": granting(`"*"`), boundary: []string{allowPush}}, "-", "false", "map[]"},
		{"boundary that does not bind the caller", fields{"CallerArn": "", "ResourcePolicy": granting(`"*"`), boundary: []string{allowPush}}, "-", "true", "map[]"},
		{"SCPs allow", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": allow}, "true", "-", "map[]"},
		{"SCPs do not", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": none}, "false", "-", "-"},
		{"SCPs deny", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": deny}, "false", "-", "-"},
		{"the second level does not", fields{"PolicyInputList": identity, "ServiceControlPolicyInputList": append(allow, none...)}, "false", "-", "-"},
		{"RCPs pass", fields{"PolicyInputList": identity, "ResourceControlPolicyInputList": [][]string{{}}}, "true", "-", "map[]"},
		{"RCPs deny", fields{"PolicyInputList": identity, "ResourceControlPolicyInputList": [][]string{{denyPull}}}, "false", "-", "map[]"},
		{"SCPs that do not bind the caller", fields{"CallerArn": "", "ResourcePolicy": granting(`"*"`), "ServiceControlPolicyInputList": deny}, "true", "-", "map[]"},
		{"across accounts", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceOwner": "999999999999"}, "-", "-",
			"map[IAM Policy:allowed Resource Policy:implicitDeny]"},
		{"across accounts, allowed", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceOwner": "999999999999", "ResourcePolicy": granting(`{"AWS":"123456789012"}`)}, "-", "-",
			"map[IAM Policy:allowed Resource Policy:allowed]"},
		{"across accounts, no identity policy", fields{"CallerArn": alice, "ResourceArns": []string{otherRepo}, "ResourcePolicy": denyPull}, "-", "-",
			"map[IAM Policy:implicitDeny Resource Policy:explicitDeny]"},
		{"across accounts, with boundary and session policy", fields{"CallerArn": session, "PolicyInputList": identity, "ResourceArns": []string{otherRepo}, boundary: []string{allowPush}, "SessionPolicyInputList": identity},
			"-", "false", "map[IAM Policy:allowed Permissions Boundary Policy:implicitDeny Resource Policy:implicitDeny Session Policy:allowed]"},
		{"across partitions", fields{"CallerArn": "arn:aws-cn:iam::123456789012:user/a", "PolicyInputList": identity}, "-", "-", "map[IAM Policy:allowed Resource Policy:implicitDeny]"},
		{"across accounts, where SCPs refuse", fields{"CallerArn": alice, "PolicyInputList": identity, "ResourceOwner": "999999999999", "ServiceControlPolicyInputList": none}, "false", "-", "-"},
		{"an anonymous caller has no account", fields{"CallerArn": ""}, "-", "-", "map[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := only(t, with(c.in))
			organizations, boundary, decision := "-", "-", "-"
			if d := e.OrganizationsDecisionDetail; d != nil {
				organizations = fmt.Sprint(d.AllowedByOrganizations)
			}
			if d := e.PermissionsBoundaryDecisionDetail; d != nil {
				boundary = fmt.Sprint(d.AllowedByPermissionsBoundary)
			}
			if e.EvalDecisionDetails != nil {
				decision = fmt.Sprint(e.EvalDecisionDetails)
			}
			if organizations != c.organizations || boundary != c.boundary || decision != c.decision {
				t.Errorf("organizations %s, boundary %s, decision %s; want %s, %s, %s", organizations, boundary, decision, c.organizations, c.boundary, c.decision)
			}
		})
	}
}

// TestMissingContextValues checks that the result, and the result for its resource, list
// the keys that the context lacks.
func TestMissingContextValues(t *testing.T) {
	in := with(fields{"PolicyInputList": []string{when(`{"StringEquals":{"aws:username":"a"},"Bool":{"aws:SecureTransport":"true"}}`)}, "ContextEntries": entry("aws:UserName", "string", "a")})
	if e := only(t, in); fmt.Sprint(e.MissingContextValues, e.ResourceSpecificResults[0].MissingContextValues) != "[aws:SecureTransport] [aws:SecureTransport]" {
		t.Errorf("missing %v", e.MissingContextValues)
	}
	if e := only(t, with(fields{"ResourceArns": nil})); e.MissingContextValues == nil || len(e.MissingContextValues) != 0 || e.ResourceSpecificResults != nil {
		t.Errorf("%+v", e)
	}
}

// TestShape checks the names and the order of the output's fields, and that empty lists
// are lists.
func TestShape(t *testing.T) {
	r := simulated(t, with(fields{"Id": []any{"a<b", 1}, "PermissionsBoundaryPolicyInputList": []string{allowAll}, "ServiceControlPolicyInputList": [][]string{{allowAll}}}))
	line := encode(r, "")
	const want = `{"Id":["a\u003cb",1],"EvaluationResults":[{"EvalActionName":"ecr:BatchGetImage","EvalResourceName":"` + repo + `","EvalDecision":"implicitDeny",` +
		`"MatchedStatements":[],"MissingContextValues":[],"OrganizationsDecisionDetail":{"AllowedByOrganizations":true},` +
		`"PermissionsBoundaryDecisionDetail":{"AllowedByPermissionsBoundary":true},"EvalDecisionDetails":{},` +
		`"ResourceSpecificResults":[{"EvalResourceName":"` + repo + `","EvalResourceDecision":"implicitDeny","MatchedStatements":[],"MissingContextValues":[],` +
		`"EvalDecisionDetails":{},"PermissionsBoundaryDecisionDetail":{"AllowedByPermissionsBoundary":true}}]}],"IsTruncated":false}` + "\n"
	if line != want {
		t.Errorf("got\n%swant\n%s", line, want)
	}
	if indented := r.String(); !strings.Contains(indented, "\n    \"EvaluationResults\": [\n") {
		t.Errorf("indented %s", indented)
	}
}
