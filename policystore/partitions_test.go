package policystore

import (
	"slices"
	"strings"
	"testing"

	"extauthz/iam"
)

// TestPartitions wants a registry of a partition that AWS has not to be found in its
// place, and to be in force.
func TestPartitions(t *testing.T) {
	const registry = "registries:\n- name: main\n  hosts: [a.example.com]\n  account: \"123456789012\"\n  region: home-1\n"
	tried := map[string][]string{
		"": nil, "  partition: aws-moon\n": {`registries.yaml:6:14: registry "main" is of the unknown partition "aws-moon"`},
	}
	for partition := range iam.Partitions() {
		tried["  partition: "+partition+"\n"] = nil
	}
	if len(tried) < 6 {
		t.Fatalf("%d partitions, want at least 6", len(tried))
	}
	for line, want := range tried {
		s, err := compile(treeOf(map[string]string{"registries.yaml": registry + line, "principals.yaml": "credentials: []\nprincipals: []\n"}), options(), newPersistent(offline()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Findings {
			got = append(got, f.String())
		}
		if !slices.Equal(got, want) || s.RegistryNamed("main") == nil {
			t.Errorf("%q: got %v want %v", line, got, want)
		}
	}
}

// TestOtherPartitions checks that a policy of another partition is reported as that,
// wherever its ARN is.
func TestOtherPartitions(t *testing.T) {
	const allow = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":`
	const reason = `" is in partition "aws-cn", and the registries in registries.yaml are in aws, so it matches nothing here; fix the ARN, or set partition: aws-cn for its registry`
	second := "- {name: china, hosts: [china], account: \"123456789012\", region: cn-north-1, partition: aws-cn}\n"
	for _, c := range []struct {
		name, file, text, more string
		want                   string
	}{
		{"a resource", "managed/a.json", allow + `["arn:aws:ecr:*:*:repository/a","arn:aws-cn:ecr:cn-north-1:123456789012:repository/a"]}}`, "", `managed/a.json:1:115: "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a` + reason},
		{"a short ARN", "managed/a.json", allow + `"arn:aws-cn:ecr:*"}}`, "", `"arn:aws-cn:ecr:*` + reason},
		{"a principal", secretDir, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:*","Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}}`, "", secretDir + `:1:90: "arn:aws-cn:iam::123456789012:root` + reason},
		{"the principal of a trust policy", "trust/ci.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}}`, "", `trust/ci.json:1:100: "arn:aws-cn:iam::123456789012:root` + reason},
		{"the caller in a condition", "managed/a.json", allow + `"*","Condition":{"ArnLike":{"aws:PrincipalARN":"arn:aws-cn:iam::*:role/ci"}}}}`, "", `managed/a.json:1:130: "arn:aws-cn:iam::*:role/ci` + reason},
		{"a calling resource in a condition", "managed/a.json", allow + `"*","Condition":{"StringLike":{"aws:SourceArn":["arn:aws:s3:::a","arn:aws-cn:s3:::a"]}}}}`, "", `"arn:aws-cn:s3:::a` + reason},
		{"another key in a condition", "managed/a.json", allow + `"*","Condition":{"ArnLike":{"aws:SourceVpcArn":"arn:aws-cn:ec2:*:*:vpc/a"}}}}`, "", ""},
		{"any partition in a condition", "managed/a.json", allow + `"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:role/ci"}}}}`, "", ""},
		{"a resource of another service", "managed/a.json", allow + `"arn:aws-cn:s3:::a"}}`, "", ""},
		{"any partition", "managed/a.json", allow + `"arn:*:ecr:*:*:repository/a"}}`, "", ""},
		{"the partition of another registry", "managed/a.json", allow + `"arn:aws-cn:ecr:cn-north-1:123456789012:repository/a"}}`, second, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := withPolicies(map[string]string{c.file: c.text})
			contents["registries.yaml"] += c.more
			s, err := load(t, contents)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Findings {
				if f.Code == "other-partition" {
					got = append(got, f.String())
				}
			}
			if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got %q, want %s", got, c.want)
			}
		})
	}
}

// TestEntitiesOfOtherPartitions checks that users and roles of another partition are
// reported once for each file.
func TestEntitiesOfOtherPartitions(t *testing.T) {
	contents := small()
	contents["principals.yaml"] = `credentials: []
principals:
- {arn: "arn:aws:iam::123456789012:user/a"}
- {arn: "arn:aws-cn:iam::123456789012:user/c"}
- {arn: "arn:aws-cn:iam::123456789012:user/b"}
`
	contents["accounts/123456789012/authorization-details.json"] = `{"UserDetailList": [
	{"Path": "/", "UserName": "d", "UserId": "AIDAQQQQQQQQALICE0001", "Arn": "arn:aws-cn:iam::123456789012:user/d", "GroupList": [], "AttachedManagedPolicies": []}],
	"GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Findings {
		if f.Code == "other-partition" {
			got = append(got, f.String())
		}
	}
	const reason = ` is in partition "aws-cn", and the registries in registries.yaml are in aws, so it has no rights here; fix the ARN, or set partition: aws-cn for its registry`
	want := []string{
		`accounts/123456789012/authorization-details.json:2:2: "arn:aws-cn:iam::123456789012:user/d"` + reason,
		`principals.yaml:4:3: "arn:aws-cn:iam::123456789012:user/c"` + reason,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
