package iam

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
)

// identityStatement and repositoryStatement are whole documents around the
// elements of one statement.
func identityStatement(elements string) string {
	return `{"Version":"2012-10-17","Statement":[{` + elements + `}]}`
}

func repositoryStatement(elements string) string {
	return `{"Version":"2008-10-17","Statement":[{"Principal":"*","Action":"ecr:*",` + elements + `}]}`
}

// refused is a document and a part of its error, with its position.
type refused struct {
	name string
	kind Kind
	text string
	want string // a part of the message, after "line:column: " where the place counts
}

func checkRefused(t *testing.T, tests []refused) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Compile(test.kind, "p.json", []byte(test.text))
			var fault diag.Diagnostic
			if !errors.As(err, &fault) {
				t.Fatalf("error %v for %s", err, test.text)
			}
			message, want := strings.TrimPrefix(err.Error(), "p.json:"), test.want
			if place, rest, found := strings.Cut(want, ": "); found && place[0] <= '9' {
				if !strings.HasPrefix(message, place+": ") {
					t.Errorf("%s\nfails with %q, want it at %s", test.text, err, place)
				}
				want = rest
			}
			if !strings.Contains(message, want) {
				t.Errorf("%s\nfails with %q, want %q", test.text, err, want)
			}
		})
	}
}

// Source: IAM User Guide, "IAM JSON policy elements reference" and "Grammar of
// the IAM JSON policy language".
func TestRefusedDocuments(t *testing.T) {
	ok := `"Effect":"Allow","Action":"ecr:*","Resource":"*"`
	checkRefused(t, []refused{
		{"unknown kind", 0, `{}`, "1:1: kind"},
		{"kind that does not exist", 99, `{}`, "1:1: kind"},
		{"empty text", IdentityPolicy, "", "1:1: not JSON: "},
		{"truncated", IdentityPolicy, `{"Statement":[`, "1:14: not JSON: "},
		{"trailing comma", IdentityPolicy, "{\"Statement\":[\n{},]}", "2:4: not JSON: "},
		{"comment", IdentityPolicy, "{\n// no\n}", "2:1: not JSON: "},
		{"second value", IdentityPolicy, "{}\n{}", "2:1: not JSON: "},
		{"byte order mark", IdentityPolicy, "\ufeff{}", "1:1: the text begins with a byte order mark"},
		{"invalid UTF-8", IdentityPolicy, "{\"Id\":\"\xff\"}", "1:8: not UTF-8"},
		{"control character", IdentityPolicy, "{\"Id\":\"\x01\"}", "1:8: the control character U+0001 is not text"},
		{"character beyond U+00FF", IdentityPolicy, "{\"Id\":\"é\u0100\"}", "1:9: policies cannot contain the character U+0100"},
		{"escaped character beyond U+00FF", IdentityPolicy, `{"Id":"\u0100"}`, "1:7: a character that policies cannot contain"},
		{"escaped NUL", IdentityPolicy, `{"Id":"\u0000"}`, "1:7: a character that policies cannot contain"},
		{"half a surrogate pair", IdentityPolicy, `{"Id":"\ud800"}`, "1:7: a character that policies cannot contain"},
		{"deep nesting", IdentityPolicy, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "1:9: nested too deeply"},
		{"very deep nesting", IdentityPolicy, strings.Repeat("[", 1_000_000), "1:10001: not JSON: "},
		{"array", IdentityPolicy, `[]`, "1:1: not an array"},
		{"null", IdentityPolicy, `null`, "1:1: not null"},
		{"no Statement", IdentityPolicy, `{"Version":"2012-10-17"}`, "1:1: no Statement"},
		{"empty Statement", IdentityPolicy, `{"Statement":[]}`, "1:14: Statement is empty"},
		{"statement is a string", IdentityPolicy, `{"Statement":["x"]}`, "1:15: a statement is an object"},
		{"unknown element", IdentityPolicy, `{"Statements":[]}`, `1:2: unknown element "Statements"`},
		{"element in another case", IdentityPolicy, `{"statement":[]}`, `1:2: unknown element "statement"`},
		{"version", IdentityPolicy, `{"Version":"2012-10-18","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, `1:12: "2012-10-18" is not a version`},
		{"version is a number", IdentityPolicy, `{"Version":2012,"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, "1:12: not a version"},
		{"Id is a number", RepositoryPolicy, `{"Id":1,"Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}`, "1:7: Id must be a string"},
		{"element twice", IdentityPolicy, "{\"Id\":\"a\",\n \"Id\":\"b\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}", `2:2: "Id" occurs twice`},
		{"element twice by an escape", IdentityPolicy, `{"Id":"a","\u0049d":"b","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, `1:11: "Id" occurs twice`},

		{"unknown element of a statement", IdentityPolicy, identityStatement(ok + `,"Conditions":{}`), `unknown element "Conditions"`},
		{"Action twice", IdentityPolicy, identityStatement(ok + `,"Action":"ecr:GetX"`), `"Action" occurs twice`},
		{"no Effect", IdentityPolicy, identityStatement(`"Action":"ecr:*","Resource":"*"`), "1:38: no Effect"},
		{"Effect in another case", IdentityPolicy, identityStatement(`"Effect":"allow","Action":"ecr:*","Resource":"*"`), `1:48: not "allow"`},
		{"Effect is a list", IdentityPolicy, identityStatement(`"Effect":["Allow"],"Action":"ecr:*","Resource":"*"`), "1:48: not an array"},
		{"no Action", IdentityPolicy, identityStatement(`"Effect":"Allow","Resource":"*"`), "1:38: neither Action nor NotAction"},
		{"Action and NotAction", IdentityPolicy, identityStatement(ok + `,"NotAction":"ecr:*"`), "both Action and NotAction"},
		{"empty Action", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":[],"Resource":"*"`), "Action is empty"},
		{"Action is a number", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":1,"Resource":"*"`), "Action must be a string"},
		{"no Resource", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*"`), "neither Resource nor NotResource"},
		{"Resource and NotResource", IdentityPolicy, identityStatement(ok + `,"NotResource":"*"`), "both Resource and NotResource"},
		{"empty Resource", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":[]`), "Resource is empty"},
		{"Sid with a blank", IdentityPolicy, identityStatement(ok + `,"Sid":"a b"`), `"a b" may have letters and digits only`},
		{"Sid is a number", IdentityPolicy, identityStatement(ok + `,"Sid":1`), "Sid must be a string"},
		{"Sid twice", IdentityPolicy, identityStatement(ok + `,"Sid":"a"},{"Sid":"a",` + ok), `"a" occurs twice`},
		{"Sid with a blank in a trust policy", TrustPolicy, `{"Statement":{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`, "letters and digits only"},
	})
}

// Sources: moto's collection of AWS's answers for invalid elements; the IAM User Guide
// for valid ones.
func TestRefusedElements(t *testing.T) {
	action := func(text string) string {
		return identityStatement(`"Effect":"Deny","Action":` + text + `,"Resource":"*"`)
	}
	resource := func(text string) string {
		return identityStatement(`"Effect":"Deny","Action":"ecr:*","Resource":` + text)
	}
	condition := func(text string) string {
		return identityStatement(`"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":` + text)
	}
	tests := []refused{
		{"action without a prefix", IdentityPolicy, action(`"GetObject"`), `1:64: Action "GetObject" lacks a service prefix`},
		{"action with two colons", IdentityPolicy, action(`"ecr:a:b"`), "more than one colon"},
		{"wildcard in the prefix", IdentityPolicy, action(`"e*:Get"`), "service prefix with characters"},
		{"blank before the prefix", IdentityPolicy, action(`" ecr:Get"`), "service prefix with characters"},
		{"empty prefix", IdentityPolicy, action(`":Get"`), "service prefix with characters"},
		{"empty name", IdentityPolicy, action(`"ecr:"`), "does not name an action"},
		{"empty action", IdentityPolicy, action(`""`), "lacks a service prefix"},
		{"two stars", IdentityPolicy, action(`"**"`), "lacks a service prefix"},
		{"second action of the list", IdentityPolicy, action(`["ecr:*","x"]`), `1:73: Action "x"`},
		{"resource is a name", IdentityPolicy, resource(`"repository/a"`), "must be an ARN or"},
		{"empty resource", IdentityPolicy, resource(`""`), "must be an ARN or"},
		{"two stars as resource", IdentityPolicy, resource(`"**"`), "must be an ARN or"},
		{"no service", IdentityPolicy, resource(`"arn:aws"`), "does not name a partition and a service"},
		{"empty service", IdentityPolicy, resource(`"arn:aws::r:123456789012:x"`), "does not name a partition and a service"},
		{"empty partition", IdentityPolicy, resource(`"arn::ecr:r:123456789012:x"`), "does not name a partition and a service"},
		{"short ARN in a repository policy", RepositoryPolicy, repositoryStatement(`"Effect":"Deny","Resource":"arn:aws:ecr:*"`), "ARN of six segments"},
		{"short ARN in an SCP", ServiceControlPolicy, resource(`"arn:aws:ecr:*"`), "ARN of six segments"},
		{"malformed variable", IdentityPolicy, resource(`"arn:aws:ecr:*:*:repository/${aws:username,x}"`), "not a policy variable"},
		{"Condition is a list", IdentityPolicy, condition(`[]`), "must be an object of operators"},
		{"operator is a list", IdentityPolicy, condition(`{"StringEquals":[]}`), "object of condition keys"},
		{"unknown operator", IdentityPolicy, condition(`{"StringMatches":{"aws:username":"a"}}`), `1:100: unknown condition operator "StringMatches"`},
		{"operator in another case", IdentityPolicy, condition(`{"stringequals":{"aws:username":"a"}}`), "unknown condition operator"},
		{"operator with a blank", IdentityPolicy, condition(`{"StringEquals ":{"aws:username":"a"}}`), "unknown condition operator"},
		{"NullIfExists", IdentityPolicy, condition(`{"NullIfExists":{"aws:username":"true"}}`), "unknown condition operator"},
		{"ForAllValues:NullIfExists", IdentityPolicy, condition(`{"ForAllValues:NullIfExists":{"aws:username":"true"}}`), "unknown condition operator"},
		{"BinaryNotEquals", IdentityPolicy, condition(`{"BinaryNotEquals":{"aws:username":""}}`), "unknown condition operator"},
		{"unknown set operator", IdentityPolicy, condition(`{"ForSomeValues:StringEquals":{"aws:username":"a"}}`), "unknown condition operator"},
		{"IfExists twice", IdentityPolicy, condition(`{"BoolIfExistsIfExists":{"aws:username":"true"}}`), "unknown condition operator"},
		{"operator twice", IdentityPolicy, condition(`{"Bool":{},"Bool":{}}`), `"Bool" occurs twice`},
		{"empty condition key", IdentityPolicy, condition(`{"Bool":{"":"true"}}`), "lacks a service prefix or a name"},
		{"condition key with an empty prefix", IdentityPolicy, condition(`{"Bool":{":username":"true"}}`), "lacks a service prefix or a name"},
		{"condition key with an empty name", IdentityPolicy, condition(`{"Bool":{"aws:":"true"}}`), "lacks a service prefix or a name"},
		{"condition key with a blank and no prefix", IdentityPolicy, condition(`{"Bool":{"user name":"true"}}`), "characters that no condition key has"},
		{"condition key with a blank before a further colon", IdentityPolicy, condition(`{"Bool":{"kms:Encryption Context:app":"true"}}`), "characters that no condition key has"},
		{"condition key with a wildcard in a provider's path", IdentityPolicy, condition(`{"Bool":{"idp.example.com/*:sub":"true"}}`), "characters that no condition key has"},
		{"condition key with a blank in a provider's path", IdentityPolicy, condition(`{"Bool":{"idp.example.com/a b:sub":"true"}}`), "characters that no condition key has"},
		{"condition key with an underscore in a provider's host", IdentityPolicy, condition(`{"Bool":{"a_b/c:sub":"true"}}`), "characters that no condition key has"},
		{"condition key with a wildcard for the provider of a placeholder", IdentityPolicy, condition(`{"Bool":{"*.${Domain}.example.com:sub":"true"}}`), "characters that no condition key has"},
		{"extension key that does not exist", IdentityPolicy, condition(`{"StringEquals":{"oci:Tag":"latest"}}`), `1:116: condition key "oci:Tag" does not exist, so that a Deny with it would never apply; did you mean "oci:Reference"?`},
		{"misspelled extension key", IdentityPolicy, condition(`{"StringEquals":{"OCI:refrence":"latest"}}`), `did you mean "oci:Reference"?`},
		{"misspelled extension key for the type", IdentityPolicy, condition(`{"StringNotEquals":{"oci:ReferenceTyp":"tag"}}`), `did you mean "oci:ReferenceType"?`},
		{"extension prefix alone", IdentityPolicy, condition(`{"Null":{"oci:R":"true"}}`), `did you mean "oci:Reference"?`},
		{"extension key that does not exist, as a variable of a resource", IdentityPolicy, resource(`"arn:aws:ecr:*:*:repository/${oci:Tag}"`), `Resource: the key of a policy variable, "oci:Tag" does not exist`},
		{"extension key that does not exist, as a variable of a condition", IdentityPolicy, condition(`{"StringEquals":{"aws:username":"${oci:Refrence}"}}`), `condition key "aws:username": the key of a policy variable, "oci:Refrence" does not exist`},
		{"extension key that does not exist, as a variable of a boolean", IdentityPolicy, condition(`{"Bool":{"aws:SecureTransport":"${oci:Secure, 'true'}"}}`), `"oci:Secure" does not exist`},
		{"variable in Null", IdentityPolicy, condition(`{"Null":{"aws:username":"${aws:userid}"}}`), "is not a boolean"},
		{"malformed variable in Bool", IdentityPolicy, condition(`{"Bool":{"aws:SecureTransport":"${aws:userid,true}"}}`), "not a policy variable"},
		{"escape in Bool", IdentityPolicy, condition(`{"Bool":{"aws:SecureTransport":"${*}"}}`), "is not a boolean"},
		{"variable in Bool in the old version", RepositoryPolicy, repositoryStatement(`"Effect":"Deny","Condition":{"Bool":{"aws:SecureTransport":"${aws:userid}"}}`), "is not a boolean"},
		{"date without a zone that does not exist", IdentityPolicy, condition(`{"DateEquals":{"test:key":"2026-02-30T00:00:00"}}`), "is not a date"},
		{"date with a blank for the zone", IdentityPolicy, condition(`{"DateEquals":{"test:key":"2026-02-20T00:00:00 "}}`), "is not a date"},
		{"value is null", IdentityPolicy, condition(`{"StringEquals":{"aws:username":null}}`), "not null"},
		{"value is an object", IdentityPolicy, condition(`{"StringEquals":{"aws:username":{}}}`), "not an object"},
		{"list in a list", IdentityPolicy, condition(`{"StringEquals":{"aws:username":[["a"]]}}`), "not an array"},
		{"variable in a number", IdentityPolicy, condition(`{"NumericEquals":{"test:key":"${aws:username}"}}`), "is not a decimal number"},
	}
	for operator, values := range map[string][]string{
		"NumericEquals": {"", "10abc", "1e3", "0x10", "1,5", " 1", "--1", "."},
		"DateEquals":    {"", "tomorrow", "9223372036854775808", "2026-13-01", "2026-02-30", "1.5", "2026-01-01T24:00:00Z"},
		"Bool":          {"", "yes", "1", "true "},
		"Null":          {"", "null"},
		"BinaryEquals":  {"a", "a===", "YQ", "YQ==\\n", "-_=="},
		"IpAddress":     {"", "10", "10.0.0.0/33", "10.0.0/8", "::1%lo", "10.0.0.256", "10.0.0.0/8/8", "010.0.0.1"},
		"ArnLike":       {"", "x", "**", "arn:aws:iam::*"},
	} {
		for _, value := range values {
			text := condition(fmt.Sprintf(`{%q:{"test:key":"%s"}}`, operator, value))
			tests = append(tests, refused{operator + " of " + value, IdentityPolicy, text, `condition key "test:key"`})
		}
	}
	checkRefused(t, tests)
}

// Source: IAM User Guide, "AWS JSON policy elements: Principal" and
// "NotPrincipal"; for ECR's answers, issue 3924 of terraform-provider-aws.
func TestRefusedPrincipals(t *testing.T) {
	document := func(effect, principal string) string {
		return `{"Statement":{"Effect":"` + effect + `","Action":"ecr:*",` + principal + `}}`
	}
	checkRefused(t, []refused{
		{"none", RepositoryPolicy, `{"Statement":{"Effect":"Deny","Action":"ecr:*"}}`, "1:14: neither Principal nor NotPrincipal"},
		{"both", RepositoryPolicy, document("Deny", `"Principal":"*","NotPrincipal":"*"`), "both Principal and NotPrincipal"},
		{"Allow with NotPrincipal", RepositoryPolicy, document("Allow", `"NotPrincipal":{"AWS":"123456789012"}`), "1:49: not supported"},
		{"bare ARN", RepositoryPolicy, document("Allow", `"Principal":"arn:aws:iam::123456789012:root"`), "1:61: must be \"*\" or an object"},
		{"list", RepositoryPolicy, document("Allow", `"Principal":["*"]`), "must be \"*\" or an object"},
		{"empty object", RepositoryPolicy, document("Allow", `"Principal":{}`), "Principal is empty"},
		{"empty list", RepositoryPolicy, document("Allow", `"Principal":{"AWS":[]}`), "AWS is empty"},
		{"unknown sort", RepositoryPolicy, document("Allow", `"Principal":{"aws":"*"}`), `unknown element "aws"`},
		{"users by wildcard", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}`), "contains a wildcard"},
		{"account by wildcard", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"arn:aws:iam::*:root"}`), "contains a wildcard"},
		{"anything of an account", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"arn:aws:iam::123456789012:*"}`), "contains a wildcard"},
		{"session by wildcard", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/ci/*"}`), "contains a wildcard"},
		{"service by wildcard", RepositoryPolicy, document("Allow", `"Principal":{"Service":"*"}`), "contains a wildcard"},
		{"group", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"arn:aws:iam::123456789012:group/g"}`), "is not a principal"},
		{"short account", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"12345678901"}`), "is not a principal"},
		{"ARN without account", RepositoryPolicy, document("Allow", `"Principal":{"AWS":"arn:aws:iam:::user/a"}`), "is not a principal"},
		{"empty", RepositoryPolicy, document("Allow", `"Principal":{"AWS":""}`), "does not name a principal"},
		{"empty service", RepositoryPolicy, document("Allow", `"Principal":{"Service":""}`), "does not name a principal"},
		{"number", RepositoryPolicy, document("Allow", `"Principal":{"AWS":123456789012}`), "must be a string"},
		{"in an identity policy", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"*","Principal":"*"`), "Principal does not belong in this kind"},
		{"NotPrincipal in a boundary", PermissionsBoundary, identityStatement(`"Effect":"Deny","Action":"ecr:*","Resource":"*","NotPrincipal":"*"`), "NotPrincipal does not belong in this kind"},
		{"in a session policy", SessionPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"*","Principal":"*"`), "Principal does not belong in this kind"},
		{"in an SCP", ServiceControlPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"*","Principal":"*"`), "Principal does not belong in this kind"},
		{"none in a trust policy", TrustPolicy, identityStatement(`"Effect":"Allow","Action":"sts:AssumeRole"`), "neither Principal nor NotPrincipal"},
		{"Resource in a trust policy", TrustPolicy, identityStatement(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"`), "has no Resource"},
		{"none in a registry policy", RegistryPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"*"`), "neither Principal nor NotPrincipal"},
		{"no Resource in a registry policy", RegistryPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Principal":"*"`), "neither Resource nor NotResource"},
	})
}

// Source: AWS Organizations User Guide, "SCP syntax" and "RCP syntax".
func TestRefusedOrganizationPolicies(t *testing.T) {
	rcp := func(elements string) string { return identityStatement(elements) }
	checkRefused(t, []refused{
		{"SCP without version", ServiceControlPolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, `1:1: must have "Version": "2012-10-17"`},
		{"SCP of 2008", ServiceControlPolicy, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, `1:12: must have "Version"`},
		{"RCP of 2008", ResourceControlPolicy, `{"Version":"2008-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:*","Resource":"*"}}`, `1:12: must have "Version"`},
		{"RCP that allows", ResourceControlPolicy, rcp(`"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":"*"`), "only denies"},
		{"RCPFullAWSAccess with a condition", ResourceControlPolicy, rcp(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{}`), "only denies"},
		{"RCP with NotAction", ResourceControlPolicy, rcp(`"Effect":"Deny","Principal":"*","NotAction":"ecr:*","Resource":"*"`), "no NotAction"},
		{"RCP with NotPrincipal", ResourceControlPolicy, rcp(`"Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":"ecr:*","Resource":"*"`), "no NotPrincipal"},
		{"RCP for one account", ResourceControlPolicy, rcp(`"Effect":"Deny","Principal":{"AWS":"123456789012"},"Action":"ecr:*","Resource":"*"`), "must be \"*\""},
		{"RCP for everyone in the long form", ResourceControlPolicy, rcp(`"Effect":"Deny","Principal":{"AWS":"*"},"Action":"ecr:*","Resource":"*"`), "must be \"*\""},
		{"RCP for every action", ResourceControlPolicy, rcp(`"Effect":"Deny","Principal":"*","Action":["ecr:*","*"],"Resource":"*"`), "may not name \"*\""},
		{"RCP without Principal", ResourceControlPolicy, rcp(`"Effect":"Deny","Action":"ecr:*","Resource":"*"`), "neither Principal"},
	})
}

// TestParseInsideFile checks that a document inside a file has the positions of the file, in
// errors, statements and entries.
func TestParseInsideFile(t *testing.T) {
	text := "{\"Version\": \"2008-10-17\",\n  \"Statement\": {\"Effect\": \"Allow\",\n \"Action\": \"s3:*\", \"Resource\": \"*\"}}"
	at := diag.Point{Line: 7, Column: 20}
	d := Parse(diag.File("file.json"), at, []byte(text))
	p, err := d.Compile(IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Statements[0].Start, (diag.Point{Line: 8, Column: 16}); got != want {
		t.Errorf("the statement begins at %v, want %v", got, want)
	}
	if got, want := d.Version.At, (diag.Point{Line: 7, Column: 32}); got != want {
		t.Errorf("the version is at %v, want %v", got, want)
	}
	if got, want := d.Statements[0].Actions[0].At, (diag.Point{Line: 9, Column: 12}); got != want {
		t.Errorf("the action is at %v, want %v", got, want)
	}
	for text, want := range map[string]string{
		`{"Version": }`: "file.json:7:32: not JSON", "{\n{": "file.json:8:1: not JSON", "": "file.json:7:20: not JSON", `{"Id": "x"}`: "file.json:7:20: the document has no Statement",
		"{\u0100}": "file.json:7:21: ", `{"Version":"2012-10-18","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`: "file.json:7:31: ",
	} {
		if _, err := Parse(diag.File("file.json"), at, []byte(text)).Compile(IdentityPolicy); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}

func TestAcceptedDocuments(t *testing.T) {
	for _, test := range []struct {
		name string
		kind Kind
		text string
	}{
		{"one statement without a list", IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`},
		{"empty Sids", IdentityPolicy, identityStatement(`"Sid":"","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"","Effect":"Allow","Action":"*","Resource":"*"`)},
		{"Sid with blanks in a repository policy", RepositoryPolicy, repositoryStatement(`"Sid":"ECR Repository Policy","Effect":"Allow"`)},
		{"repeated Sid in a repository policy", RegistryPolicy, identityStatement(`"Sid":"a","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"`)},
		{"Resource in a repository policy", RepositoryPolicy, repositoryStatement(`"Effect":"Allow","Resource":"*"`)},
		{"action with a blank at its end", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:GetX ","Resource":"*"`)},
		{"action that ECR does not have yet", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:StartReplicationBackfill","Resource":"*"`)},
		{"partition that is not known yet", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws-moon:ecr:*:*:repository/*"`)},
		{"condition key of an OIDC provider", TrustPolicy, `{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.eks.r.amazonaws.com/id/X"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.r.amazonaws.com/id/X:sub":"system:serviceaccount:a:b"}}}}`},
		{"condition key of an OIDC provider with a path", TrustPolicy, `{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/idp.example.com/realms/a_b~c/"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"idp.example.com/realms/a_b~c/:sub":"x"}}}}`},
		{"Id in an identity policy", IdentityPolicy, `{"Version":"2012-10-17","Id":"moto-7","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`},
		{"service with digits, dots and hyphens", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":["a4b:Get*","s3.s:List","s3-s:List"],"Resource":"*"`)},
		{"resource with colons in its last segment", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"logs:*","Resource":["arn:aws:logs:*:*:log-group:a:log-stream:*","arn:aws:s3:::","arn:aws:s3:::a:b"]`)},
		{"long Sid", IdentityPolicy, identityStatement(`"Sid":"` + strings.Repeat("a", 300) + `","Effect":"Allow","Action":"*","Resource":"*"`)},
		{"numbers, booleans and empty strings as values", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"s3:prefix":["",7,true]},"NumericEquals":{"s3:max-keys":[1.5,"-2"]},"Bool":{"aws:SecureTransport":[true,"false"]}}`)},
		{"no values", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"a":[]},"IpAddress":{}}`)},
		{"unknown operator without keys", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"x":{},"y":{}}`)},
		{"tag key with a colon", IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/aws:cloudformation:stack-name":"s"}}`)},
		{"unique id as principal", RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"AIDACKCEVSQ6C2EXAMPLE"},"Action":"ecr:*"}}`},
		{"CanonicalUser", RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},"Action":"ecr:*"}}`},
		{"RCPFullAWSAccess", ResourceControlPolicy, identityStatement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`)},
		{"SCP with NotAction and a condition in an Allow", ServiceControlPolicy, identityStatement(`"Effect":"Allow","NotAction":"iam:*","Resource":"arn:aws:ecr:*:*:*","Condition":{"Bool":{"aws:SecureTransport":true}}`)},
		{"every character of Latin-1", RepositoryPolicy, repositoryStatement("\"Effect\":\"Allow\",\"Sid\":\"\u00e9\u00ff\u0085\"")},
	} {
		t.Run(test.name, func(t *testing.T) { mustCompile(t, test.kind, test.text) })
	}
}

func TestPolicyDescribesItself(t *testing.T) {
	p := mustCompile(t, RepositoryPolicy, `{
  "Version": "2012-10-17",
  "Id": "é",
  "Statement": [
    {"Sid": "one", "Effect": "Allow", "Principal": "*", "Action": "ecr:*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/Team": "${aws:Username}", "AWS:username": "x"}}},
    {"Sid": "é", "Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/${aws:userid}"}
  ]
}`)
	if p.ID != "é" || p.Version != "2012-10-17" || p.Kind != RepositoryPolicy || p.Source != diag.File("test.json") {
		t.Errorf("%+v", p)
	}
	first, second := p.Statements[0], p.Statements[1]
	if first.Sid != "one" || first.Effect != Allow || first.Start != (diag.Point{Line: 5, Column: 5}) || first.End != (diag.Point{Line: 6, Column: 102}) {
		t.Errorf("%+v", first)
	}
	if second.Start != (diag.Point{Line: 7, Column: 5}) || second.End != (diag.Point{Line: 7, Column: 127}) {
		t.Errorf("%v %v", second.Start, second.End)
	}
	want := []string{"aws:principaltag/team", "aws:userid", "aws:username"}
	if got := p.ConditionKeys(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("ConditionKeys() = %v, want %v", got, want)
	}
}

func TestKnownECRActions(t *testing.T) {
	if n := len(slices.Collect(ECRActions())); n != 60 {
		t.Errorf("%d ECR actions, want the 60 of the Service Authorization Reference", n)
	}
}

// TestSeveralFaults checks that a document's error has every fault that does not follow
// from another one.
func TestSeveralFaults(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"one in each statement", `{"Version":"2012-10-17","Statement":[
{"Effect":"Permit","Action":"ecr:*","Resource":"*"},
{"Effect":"Allow","Action":"ecr:*","Resource":"*"},
7,
{"Effect":"Allow","Actions":"ecr:*","Resource":"*"},
{"Effect":"Allow","Effect":"Deny"},
{"Effect":"Allow","Action":"ecr","Resource":"*"}]}`,
			[]string{"2:11: Effect must be", "4:1: a statement is an object", `5:19: unknown element "Actions"`, "6:1: the statement has neither Action", "6:1: the statement has neither Resource", `6:19: "Effect" occurs twice`, `7:28: Action "ecr" lacks`}},
		{"several in one statement", `{"Id":1,"Version":"2012","Statement":{"Sid":"a b",
"Action":["ecr","ecr:*","a:b:c"],
"NotAction":"*",
"Resource":["x","arn:aws:ecr:::${"],
"Condition":{"Equals":{"a":"b"},"Bool":{"aws:SecureTransport":["maybe",true,"perhaps"],"*":"true"},"Null":1}}}`,
			[]string{"1:7: Id must be a string", "1:19: \"2012\" is not a version", "1:38: the statement has no Effect", `1:45: Sid "a b"`, "3:1: the statement has both Action and NotAction", `4:13: Resource "x"`,
				`5:14: unknown condition operator "Equals"`, `5:64: condition key "aws:SecureTransport": "maybe"`, `5:77: condition key "aws:SecureTransport": "perhaps"`, `5:88: condition key "*"`, `5:107: condition operator "Null"`}},
		{"several elements of the document", `{"Statment":[],"Versions":1}`, []string{`1:2: unknown element "Statment"`, `1:16: unknown element "Versions"`}},
		{"characters in several statements", "{\"Statement\":[{\"Sid\":\"\\u0100\"},\n{\"Action\":[\"\\u0100\",\"a\",\"\\u0101\"]},{\"a\":1}]}",
			[]string{"1:22: ", "2:1: the statement has neither Resource", "2:1: the statement has no Effect", "2:12: ", `2:21: Action "a"`, "2:25: ", `2:37: unknown element "a"`}},
		{"a repeated element, and others", `{"Version":"2012-10-17","Version":"2008-10-17","Idd":1,"Statement":{"Effect":"Permit","Action":"ecr","Resource":"*"}}`,
			[]string{`1:25: "Version" occurs twice`, `1:48: unknown element "Idd"`, "1:78: Effect must be", `1:96: Action "ecr" lacks`}},
		{"elements with characters, and others", "{\"Statement\":[{\"Effect\":\"\\u0100\",\"Action\":[\"\\u0100\"],\"Resource\":\"x\"},\n{\"Effect\":\"Allow\",\"\\u0100\":1,\"Action\":\"ecr\"},\n{\"Sid\":\"\\u0100\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"a\":\"\\u0100\",\"aws:SecureTransport\":\"maybe\"}}}]}",
			[]string{"1:25: ", "1:44: ", `1:65: Resource "x"`, "2:19: ", `2:39: Action "ecr"`, "3:8: ", "3:87: ", "3:118: condition key"}},
		{"an element of the document with characters", "{\"Version\":\"\\u0100\",\"Statement\":[\"\\u0100\"]}", []string{"1:12: ", "1:34: "}},
		{"one Sid in several statements", `{"Statement":[{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"},{"Sid":"a","Effect":"x","Action":"*","Resource":"*"}]}`,
			[]string{`1:78: Sid "a" occurs twice`, "1:91: Effect must be"}},
	} {
		_, err := Compile(IdentityPolicy, "p.json", []byte(test.text))
		found := diag.Of(err)
		matches := len(found) == len(test.want)
		for i := 0; i < len(found) && matches; i++ {
			matches = strings.HasPrefix(found[i].Error(), "p.json:"+test.want[i])
		}
		if !matches {
			t.Errorf("%s:\n%v\nwant\n%s", test.name, err, strings.Join(test.want, "\n"))
		}
	}
	const rcp = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","NotAction":"a:b","Resource":"*"},
{"Effect":"Deny","NotPrincipal":"*","Action":"*","Resource":"*"},{"Effect":"Deny"},{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}]}`
	if _, err := Compile(ResourceControlPolicy, "p.json", []byte(rcp)); len(diag.Of(err)) != 7 {
		t.Errorf("%d faults, want 7:\n%v", len(diag.Of(err)), err)
	}
	const characters = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"\u0100","Resource":"*"},
{"Effect":"\u0100","Principal":{"AWS":"\u0100"},"Action":"*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":["\u0100"]},"Action":["*","\u0100"],"Resource":"*"}]}`
	if _, err := Compile(ResourceControlPolicy, "p.json", []byte(characters)); len(diag.Of(err)) != 7 {
		t.Errorf("%d faults, want 7:\n%v", len(diag.Of(err)), err)
	}
}
