package awsexport

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
)

// user returns an entry of UserDetailList with further members.
func user(name, more string) string {
	return fmt.Sprintf(`{"UserName": %q, "Arn": "arn:aws:iam::123456789012:user/%[1]s", "Path": "/", "UserId": "AIDACKCEVSQ6C2EXAMPLE", "GroupList": [], "AttachedManagedPolicies": []%s}`, name, more)
}

// details returns an output with users, one in each line.
func details(users ...string) string {
	return `{"GroupDetailList": [], "RoleDetailList": [], "Policies": [], "UserDetailList": [` + "\n" + strings.Join(users, ",\n") + "]}"
}

// TestReadAuthorization checks the values and positions of an output's entries.
func TestReadAuthorization(t *testing.T) {
	const file = "accounts/123456789012/authorization-details.json"
	const inline = `, "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}, {"PolicyName": "q", "PolicyDocument": "%7B%7D"}]`
	a, err := ReadAuthorization(file, "123456789012", []byte(details(user("alice", inline), user("bob", `, "Tags": [{"Key": "team", "Value": ""}], "MemberOfTheFuture": {}`))))
	if err != nil || len(a.Entities) != 2 {
		t.Fatalf("%d entities, error %v", len(a.Entities), err)
	}
	alice, bob := a.Entities[0], a.Entities[1]
	if alice.Name.Text != "alice" || alice.Start != (diag.Point{Line: 2, Column: 1}) || alice.Name.At != (diag.Point{Line: 2, Column: 14}) {
		t.Errorf("alice %+v", alice)
	}
	if len(alice.Inline) != 2 {
		t.Fatalf("inline policies %v", alice.Inline)
	}
	object, text := alice.Inline[0], alice.Inline[1]
	if string(object.Text) != `{"Statement": []}` || object.Source != diag.File(file) || object.Start.Line != 2 {
		t.Errorf("an object: %+v", object)
	}
	if string(text.Text) != "{}" || text.Source.Element != "PolicyDocument" || text.Source.Start.Line != 2 || text.Start != (diag.Point{Line: 1, Column: 1}) {
		t.Errorf("a string: %+v", text)
	}
	if len(bob.Tags) != 1 || bob.Tags[0].Key != "team" {
		t.Errorf("bob %+v", bob)
	}
}

// TestReadingGoesOn checks that the faults of all entries are reported, and that the
// entries without faults are returned.
func TestReadingGoesOn(t *testing.T) {
	text := details(user("alice", `, "PolicyList": []`), user("bob", ""), "1", user("carol", `, "Tags": [{}]`))
	a, err := ReadAuthorization("a.json", "123456789012", []byte(text))
	var lines []int32
	for _, d := range diag.Of(err) {
		lines = append(lines, d.Line)
	}
	if fmt.Sprint(lines) != "[2 4 5]" || len(a.Entities) != 1 || a.Entities[0].Name.Text != "bob" {
		t.Errorf("faults in lines %v, %d entities:\n%v", lines, len(a.Entities), err)
	}
}

// TestFaultsOfOneEntry checks that the members of one entry are checked after a fault in one
// of them, and that a truncated output is one fault.
func TestFaultsOfOneEntry(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"members of an entry", details(user("alice", `, "PolicyList": [], "Tags": [{}], "UserPolicyList": 1`)), 3},
		{"a member and a missing one", details(`{"UserName": 1}`), 2},
		{"a truncated output", `{"IsTruncated": true, "Marker": "x", "UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ReadAuthorization("a.json", "123456789012", []byte(c.text))
			if list := diag.Of(err); len(list) != c.want || a != nil && len(a.Entities) > 0 {
				t.Errorf("%d faults, want %d:\n%v", len(list), c.want, err)
			}
		})
	}
}

// TestMisplacedAuthorization checks that an output in the folder of another account has one
// fault.
func TestMisplacedAuthorization(t *testing.T) {
	_, err := ReadAuthorization("a.json", "999999999999", []byte(details(user("alice", ""), user("bob", ""))))
	if list := diag.Of(err); len(list) != 1 || !strings.Contains(err.Error(), `does not belong to account "999999999999"`) {
		t.Errorf("%d faults: %v", len(list), err)
	}
}

// FuzzOutputs checks that every text is read or is an error whose faults have positions in
// the file.
func FuzzOutputs(f *testing.F) {
	for _, text := range []string{details(user("alice", "")), `{"policyText": "{}", "registryId": "1"}`, `{"repositories": [{}]}`, `{"tags": [{"Key": "a", "Value": "b"}]}`,
		`{"Organization": {}}`, `{"Policy": {"Content": "{}"}}`, `{"Policies": [{}]}`, `{"PolicyVersion": {"Document": "%7B"}}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		contents := []byte(text)
		_, authorization := ReadAuthorization("a", "123456789012", contents)
		_, resource := ReadResourcePolicy("a", contents)
		_, tags := ReadTags("a", contents)
		_, organization := ReadOrganization("a", contents)
		_, control := ReadControlFile("a", contents)
		_, _, version := ReadPolicyVersion("a", contents)
		repositories := ReadRepositories("a", contents, func(Repository) error { return nil })
		for _, err := range []error{authorization, resource, tags, organization, control, version, repositories} {
			for i, d := range diag.Of(err) {
				if i < diag.MaxFaults && (d.File != "a" || d.Line == 0) {
					t.Errorf("fault %v", d)
				}
			}
		}
	})
}

// TestDocumentsDoNotKeepTheFile checks that a document has its own text: a compiled policy
// is kept while its text is the same, and must not keep an old text of the whole file.
func TestDocumentsDoNotKeepTheFile(t *testing.T) {
	text := []byte(`{"PolicyVersion": {"Document": {"Version": "2012-10-17", "Statement": []}, "VersionId": "v1", "IsDefaultVersion": true}}`)
	d, _, err := ReadPolicyVersion("managed/a.json", text)
	if err != nil {
		t.Fatal(err)
	}
	before := string(d.Text)
	clear(text)
	if string(d.Text) != before || before != `{"Version": "2012-10-17", "Statement": []}` {
		t.Errorf("the document changed with the file: %q", d.Text)
	}
}
