package policystore

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"extauthz/policystore/directory/directorytest"
)

// The size of an account whose authorization details take 46 MB: roles with two
// inline policies each, and managed policies with three versions each.
const (
	exportRoles   = 4800
	exportManaged = 1040
)

// largeExport returns a directory with an output of that size.
func largeExport(roles, managed int) map[string]string {
	var out bytes.Buffer
	out.WriteString("{\n    \"UserDetailList\": [],\n    \"GroupDetailList\": [],\n    \"RoleDetailList\": [")
	for i := range roles {
		fmt.Fprintf(&out, `%s
        {
            "Path": "/",
            "RoleName": "role-%[2]d",
            "RoleId": "AROA%016[2]d",
            "Arn": "arn:aws:iam::123456789012:role/role-%[2]d",
            "CreateDate": "2024-01-01T00:00:00+00:00",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
            },
            "InstanceProfileList": [],
            "RolePolicyList": [
                {"PolicyName": "first", "PolicyDocument": %[3]s},
                {"PolicyName": "second", "PolicyDocument": %[4]s}
            ],
            "AttachedManagedPolicies": [{"PolicyName": "managed-%[5]d", "PolicyArn": "arn:aws:iam::123456789012:policy/managed-%[5]d"}],
            "Tags": [{"Key": "team", "Value": "team-%[2]d"}]
        }`, comma(i), i, exportPolicy(i, 8), exportPolicy(i, 4), i%managed)
	}
	out.WriteString("\n    ],\n    \"Policies\": [")
	for i := range managed {
		fmt.Fprintf(&out, `%s
        {
            "PolicyName": "managed-%[2]d",
            "PolicyId": "ANPA%016[2]d",
            "Arn": "arn:aws:iam::123456789012:policy/managed-%[2]d",
            "Path": "/",
            "DefaultVersionId": "v3",
            "PolicyVersionList": [
                {"Document": %[3]s, "VersionId": "v3", "IsDefaultVersion": true, "CreateDate": "2024-01-01T00:00:00+00:00"},
                {"Document": %[3]s, "VersionId": "v2", "IsDefaultVersion": false, "CreateDate": "2024-01-01T00:00:00+00:00"},
                {"Document": %[3]s, "VersionId": "v1", "IsDefaultVersion": false, "CreateDate": "2024-01-01T00:00:00+00:00"}
            ]
        }`, comma(i), i, exportPolicy(i, 8))
	}
	out.WriteString("\n    ]\n}\n")
	return map[string]string{
		"registries.yaml":  small()["registries.yaml"],
		authorizationPlace: out.String(),
		"principals.yaml":  "credentials:\n- {uri: \"spiffe://example.com/ci\", principal: \"arn:aws:sts::123456789012:assumed-role/role-1/run\"}\n",
	}
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// exportPolicy returns a document with n statements, indented as the AWS CLI does.
func exportPolicy(i, statements int) string {
	var all []string
	for n := range statements {
		all = append(all, fmt.Sprintf(`
                        {
                            "Sid": "Statement%d",
                            "Effect": "Allow",
                            "Action": [
                                "ecr:BatchGetImage",
                                "ecr:GetDownloadUrlForLayer",
                                "s3:GetObject"
                            ],
                            "Resource": "arn:aws:ecr:*:123456789012:repository/team-%d/app-%d/*"
                        }`, n, i, n))
	}
	return "{\n                    \"Version\": \"2012-10-17\",\n                    \"Statement\": [" + strings.Join(all, ",") + "\n                    ]\n                }"
}

// BenchmarkLoadExport loads the authorization details of a large account, and
// reports how much memory the snapshot uses. With EXTAUTHZ_EXPORT it writes the
// directory to that path first, for measuring the program itself.
func BenchmarkLoadExport(b *testing.B) {
	dir := b.TempDir()
	if path := os.Getenv("EXTAUTHZ_EXPORT"); path != "" {
		dir = path
	}
	contents := largeExport(exportRoles, exportManaged)
	b.ReportMetric(float64(len(contents[authorizationPlace]))/1e6, "MB")
	directorytest.Write(b, dir, contents)
	benchmarkLoad(b, dir)
}

// TestLargeExportIsGood checks that the measured directory has no fault, and that each of its policies counts.
func TestLargeExportIsGood(t *testing.T) {
	s, err := load(t, largeExport(6, 3))
	if err != nil {
		t.Fatal(err)
	}
	if s.Summary.ManagedPolicies != 3 || s.Summary.Principals != 6 {
		t.Errorf("summary %+v, want 3 managed policies and 6 principals", s.Summary)
	}
}
