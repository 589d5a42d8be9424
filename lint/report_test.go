package lint

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFlatForm checks that a directory in the flat form has the findings of the tree,
// except for the names of the files.
func TestFlatForm(t *testing.T) {
	changes := map[string]string{
		repositoryFile:     "{\"repositoryName\": \"team/app\",\n \"policyText\": \"{\\\"Statement\\\":{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"ecr:Pul*\\\"}}\"}",
		developersFile:     `{"Version":"2008-10-17","Statement":[` + loginStatement + `,{"Effect":"Allow",` + pullOn + `,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/${RepositoryName}"}]}`,
		"trust/spare.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"444455556666"}}}`,
	}
	tree := writeDirectory(t, changes)
	want, err := Directory(tree)
	if err != nil || len(want) < 4 {
		t.Fatalf("findings %v, %v", want, err)
	}
	for i := range want {
		want[i].File = strings.ReplaceAll(want[i].File, "/", "..")
	}
	got, err := Directory(flattened(t, tree))
	if err != nil || !slices.Equal(got, want.Sorted()) {
		t.Errorf("%v\ngot  %v\nwant %v", err, got, want)
	}
}

// flattened copies a directory to the form of the volume of a ConfigMap.
func flattened(t *testing.T, dir string) string {
	t.Helper()
	flat := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(flat, strings.ReplaceAll(filepath.ToSlash(name), "/", "..")), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// TestPositions checks the positions of findings in outputs of the AWS CLI.
func TestPositions(t *testing.T) {
	const exported = `{"UserDetailList": [{"UserName": "eve", "Path": "/", "UserId": "AIDACKCEVSQ6C2EXAMPLE", "Arn": "arn:aws:iam::444455556666:user/eve",
  "GroupList": [], "AttachedManagedPolicies": [], "UserPolicyList": [{"PolicyName": "pull", "PolicyDocument":
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
      "Action": ["ecr:GetAuthorizationToken", "ecr:ListImage"]}]}}]}],
 "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": false}`
	for _, c := range []struct {
		name    string
		changes map[string]string
		want    string
	}{
		{"a string in an output", map[string]string{repositoryFile: "{\"registryId\": \"123456789012\", \"repositoryName\": \"team/app\",\n \"policyText\": \"{\\n \\\"Statement\\\":{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"ecr:Pul*\\\"}}\"}"},
			repositoryFile + ":2:16: warning: unknown-action: in policyText: 2:56: action \"ecr:Pul*\""},
		{"an object in an output", map[string]string{"accounts/444455556666/authorization-details.json": exported},
			"accounts/444455556666/authorization-details.json:4:47: warning: unknown-action: action \"ecr:ListImage\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := check(t, c.changes)
			if len(findings) != 1 || !strings.HasPrefix(findings[0].Text(), c.want) {
				t.Errorf("got %v want %s", findings, c.want)
			}
		})
	}
}

// TestIdentity checks that a finding that mentions another line keeps its identity if
// that line moves.
func TestIdentity(t *testing.T) {
	statements := func(gap string) map[string]string {
		return withStatement(`{"Effect":"Allow",` + pullOn + `,"Resource":` + team + `},` + gap + `{"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{}}`)
	}
	before, after := check(t, statements("")), check(t, statements("\n\n"))
	if len(before) != 2 || len(after) != 2 || before[0].Code != "hidden-by-deny" || before[0].Problem == after[0].Problem {
		t.Fatalf("findings %v and %v", before, after)
	}
	if before[0].Identity == "" || before[0].Identity != after[0].Identity {
		t.Errorf("identities %q and %q", before[0].Identity, after[0].Identity)
	}
}
