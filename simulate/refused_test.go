package simulate

import (
	"strings"
	"testing"

	"extauthz/diag"
)

// invalid is an input and a part of the error.
type invalid struct{ name, text, want string }

func malformed() []invalid {
	return []invalid{
		{"empty", ``, `in.json:1:1: not JSON: `},
		{"no object", `["ActionNames"]`, `in.json:1:1: the input must be an object, not an array`},
		{"null", ` null`, `in.json:1:2: the input must be an object, not null`},
		{"not JSON", "{\n  \"ActionNames\": [,]}", `in.json:2:19: not JSON: `},
		{"two values", `{"ActionNames":["a:b"]} {}`, `in.json:1:25: not JSON`},
		{"not UTF-8", "{\"Id\":\"\xff\"}", `in.json:1:8: this byte is not UTF-8`},
		{"columns are characters", `{"Id":"äöü","x":1}`, `in.json:1:13: unknown field "x"`},
		{"unknown field", `{"ActionName":["a:b"]}`, `in.json:1:2: unknown field "ActionName"; use the names of SimulateCustomPolicy`},
		{"another case", `{"actionNames":["a:b"]}`, `unknown field "actionNames"`},
		{"field twice", "{\"ActionNames\":[\"a:b\"],\n\"ActionNames\":[\"a:c\"]}", `in.json:2:1: "ActionNames" occurs twice; keep one`},
		{"Id twice", `{"Id":1,"Id":2}`, `"Id" occurs twice`},
		{"field of a context entry twice", `{"ContextEntries":[{"ContextKeyName":"a:b","ContextKeyName":"a:b"}]}`, `"ContextKeyName" occurs twice`},
		{"null for a field", `{"CallerArn":null}`, `CallerArn must be a string, not null; leave it out instead`},
		{"number for a string", `{"CallerArn":1}`, `in.json:1:14: CallerArn must be a string, not a number`},
		{"string for a list", `{"ActionNames":"ecr:PutImage"}`, `ActionNames must be an array, not a string`},
		{"boolean for MaxItems", `{"MaxItems":true}`, `MaxItems must be a number, not a boolean`},
		{"object for a policy", `{"PolicyInputList":[{"Version":"2012-10-17"}]}`, `PolicyInputList.1, the text of a policy, must be a string, not an object`},
		{"text for an ordered level", `{"OrderedOrganizationPolicyInputList":["{}"]}`, `in.json:1:40: OrderedOrganizationPolicyInputList.1 must be an object, not a string`},
		{"object for ordered levels", `{"OrderedOrganizationPolicyInputList":{"ServiceControlPolicyInputList":[]}}`, `in.json:1:39: OrderedOrganizationPolicyInputList, a list of levels, must be an array, not an object`},
		{"null for ordered levels", `{"OrderedOrganizationPolicyInputList":null}`, `OrderedOrganizationPolicyInputList, a list of levels, must be an array, not null; leave it out instead`},
		{"unknown field of an ordered level", `{"OrderedOrganizationPolicyInputList":[{"ResourceControlPolicyInputList":[]}]}`, `in.json:1:41: unknown field "ResourceControlPolicyInputList"; a level has ServiceControlPolicyInputList`},
		{"field of an ordered level twice", `{"OrderedOrganizationPolicyInputList":[{"ServiceControlPolicyInputList":[],"ServiceControlPolicyInputList":[]}]}`, `"ServiceControlPolicyInputList" occurs twice`},
		{"ordered level that is empty", "{\"OrderedOrganizationPolicyInputList\":[{\"ServiceControlPolicyInputList\":[]},\n {}]}", `in.json:2:2: OrderedOrganizationPolicyInputList.2 lacks ServiceControlPolicyInputList; add the policies`},
		{"text for the policies of an ordered level", `{"OrderedOrganizationPolicyInputList":[{"ServiceControlPolicyInputList":"{}"}]}`, `OrderedOrganizationPolicyInputList.1.ServiceControlPolicyInputList must be an array, not a string`},
		{"list for a level of SCPs", `{"ServiceControlPolicyInputList":["{}"]}`, `ServiceControlPolicyInputList.1 must be an array, not a string`},
	}
}

func misused() []invalid {
	const ok = `"ActionNames":["ecr:PutImage"]`
	return []invalid{
		{"no action", `{"ResourceArns":["*"]}`, `in.json:1:1: ActionNames is missing or empty; add at least one action`},
		{"empty list of actions", "\n {\"ActionNames\":[]}", `in.json:2:2: ActionNames is missing or empty`},
		{"action without a service", `{"ActionNames":["PutImage"]}`, `in.json:1:17: "PutImage" is not an action; write service:Action`},
		{"action with two colons", `{"ActionNames":["ecr:Put:Image"]}`, `"ecr:Put:Image" is not an action`},
		{"action with a wildcard", `{"ActionNames":["ecr:*"]}`, `"ecr:*" contains a wildcard; write the name of each action`},
		{"action with a blank", `{"ActionNames":["ecr:Put Image"]}`, `contains a character that actions do not have`},
		{"resource that is not an ARN", `{` + ok + `,"ResourceArns":["team/app"]}`, `in.json:1:49: "team/app" is not a resource`},
		{"resource with a wrong account", `{` + ok + `,"ResourceArns":["arn:aws:ecr:eu:123:repository/a"]}`, `does not have twelve digits`},
		{"invalid policy", `{"PolicyInputList":["{}"]}`, `in.json:1:21: in PolicyInputList.1:1:1: the document has no Statement`},
		{"invalid second policy", `{"PolicyInputList":["{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}","\n x"]}`, `PolicyInputList.2:2:2: not JSON`},
		{"empty policy", `{"ResourcePolicy":""}`, `ResourcePolicy:1:1: not JSON`},
		{"resource policy without a principal", `{"ResourcePolicy":"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}"}`, `ResourcePolicy:1:14:`},
		{"identity policy with a principal", `{"PolicyInputList":["{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}}"]}`, `PolicyInputList.1:1:32: Principal does not belong in this kind`},
		{"policy of the second ordered level", `{"OrderedOrganizationPolicyInputList":[{"ServiceControlPolicyInputList":[]},{"ServiceControlPolicyInputList":["{}"]}]}`, `in.json:1:111: in OrderedOrganizationPolicyInputList.2.ServiceControlPolicyInputList.1:1:1: a service control policy must have`},
		{"both forms of levels", "{\"OrderedOrganizationPolicyInputList\":[],\n\"ServiceControlPolicyInputList\":[]}", `in.json:2:1: the input has OrderedOrganizationPolicyInputList and ServiceControlPolicyInputList; keep one of the two`},
		{"both forms of levels, in the other order", `{"ServiceControlPolicyInputList":[],"OrderedOrganizationPolicyInputList":[]}`, `in.json:1:37: the input has ServiceControlPolicyInputList and OrderedOrganizationPolicyInputList`},
		{"policy of the second level", `{"ServiceControlPolicyInputList":[[],["{}"]]}`, `ServiceControlPolicyInputList.2.1:1:1:`},
		{"RCP that allows", `{"ResourceControlPolicyInputList":[["{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"ecr:*\",\"Resource\":\"*\"}}"]]}`, `ResourceControlPolicyInputList.1.1:1:47: a resource control policy only denies`},
		{"two boundaries", `{"PermissionsBoundaryPolicyInputList":["{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}","{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"]}`, `in.json:1:39: PermissionsBoundaryPolicyInputList has 2 policies; keep one`},
		{"two registry policies", `{"RegistryPolicy":["{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}}","{}"]}`, `in.json:1:19: RegistryPolicy has more than one policy`},
		{"role as the caller", `{"CallerArn":"arn:aws:iam::123456789012:role/ci"}`, `in.json:1:14: CallerArn: "arn:aws:iam::123456789012:role/ci" is a role, and only sessions of roles are callers; write the ARN of a session`},
		{"caller that is nothing", `{"CallerArn":"alice"}`, `CallerArn: "alice" is not an ARN`},
		{"everybody as the caller", `{"CallerArn":"*"}`, `CallerArn: "*" is not an ARN`},
		{"user as the owner", `{"ResourceOwner":"arn:aws:iam::123456789012:user/a"}`, `in.json:1:18: ResourceOwner "arn:aws:iam::123456789012:user/a" is not an account; write its twelve digits or its root ARN`},
		{"owner of eleven digits", `{"ResourceOwner":"12345678901"}`, `ResourceOwner "12345678901" is not an account`},
		{"empty owner", `{"ResourceOwner":""}`, `ResourceOwner "" is not an account`},
		{"owner of another partition", `{` + ok + `,"ResourceOwner":"arn:aws-cn:iam::123456789012:root","ResourceArns":["arn:aws:ecr:eu:123456789012:repository/a"]}`, `in.json:1:49: ResourceOwner is in partition "aws-cn"`},
		{"owner of another partition than the caller", `{` + ok + `,"ResourceOwner":"arn:aws-cn:iam::123456789012:root","CallerArn":"arn:aws:iam::123456789012:user/a"}`, `ResourceOwner is in partition "aws-cn"`},
		{"too many pairs", `{"ActionNames":[` + strings.Repeat(`"a:b",`, 400) + `"a:b"],"ResourceArns":[` + strings.Repeat(`"*",`, 400) + `"*"]}`, `401 actions on 401 resources are too many`},
	}
}

func invalidEntries() []invalid {
	entry := func(fields string) string { return `{"ContextEntries":[{` + fields + `}]}` }
	typed := func(kind, values string) string {
		return entry(`"ContextKeyName":"a:b","ContextKeyType":"` + kind + `","ContextKeyValues":[` + values + `]`)
	}
	return []invalid{
		{"unknown field", entry(`"KeyName":"a:b"`), `in.json:1:21: unknown field "KeyName"; a context entry has ContextKeyName`},
		{"no name", entry(`"ContextKeyType":"string","ContextKeyValues":["x"]`), `in.json:1:20: a context entry needs a ContextKeyName`},
		{"unknown type", typed("text", `"x"`), `context key "a:b": "text" is not a ContextKeyType`},
		{"type of another case", typed("String", `"x"`), `"String" is not a ContextKeyType`},
		{"no values", typed("string", ``), `of type "string" has 0 values instead of one; for a multivalued key write stringList, for a missing key leave the entry out`},
		{"several values", typed("string", `"x","y"`), `of type "string" has 2 values instead of one`},
		{"values that are not a list", entry(`"ContextKeyName":"a:b","ContextKeyType":"string","ContextKeyValues":"x"`), `ContextKeyValues must be an array, not a string`},
		{"value that is not a string", typed("numeric", `1`), `an item of ContextKeyValues must be a string, not a number`},
		{"numeric", typed("numeric", `"10abc"`), `context key "a:b" of type "numeric": "10abc" is not a decimal number`},
		{"numericList", typed("numericList", `"1","x"`), `"x" is not a decimal number`},
		{"boolean", typed("boolean", `"yes"`), `"yes" is not a boolean; write true or false`},
		{"ip", typed("ip", `"192.0.2.0/24"`), `"192.0.2.0/24" is not an IP address`},
		{"ip with a zone", typed("ipList", `"fe80::1%eth0"`), `is not an IP address`},
		{"date", typed("date", `"tomorrow"`), `"tomorrow" is not a date`},
		{"binary", typed("binary", `"*"`), `"*" is not base64`},
		{"binary with a line feed", typed("binaryList", `"YWJj\n"`), `is not base64`},
		{"key twice", `{"ContextEntries":[{"ContextKeyName":"aws:username","ContextKeyType":"string","ContextKeyValues":["a"]},` +
			`{"ContextKeyName":"AWS:UserName","ContextKeyType":"string","ContextKeyValues":["b"]}]}`, `in.json:1:105: context key "AWS:UserName" occurs twice; keep one`},
	}
}

// TestReadRejects checks that the error for an invalid input is one line with a position
// and a remedy.
func TestReadRejects(t *testing.T) {
	cases := append(append(malformed(), misused()...), invalidEntries()...)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := new(Simulator).Read("in.json", []byte(c.text))
			if err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, error %v; want %q", s, err, c.want)
			}
			for _, d := range diag.Of(err) {
				if d.Line == 0 || strings.Contains(d.Error(), "\n") {
					t.Errorf("%T %q", err, err)
				}
			}
		})
	}
}
