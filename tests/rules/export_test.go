package rules

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/decision"
	"extauthz/lint"
	"extauthz/policystore"

	"extauthz/tests/prerequisite"
)

// A shop is a folder in which the test runs the commands of a page, with the test's own
// programs instead of aws and kubectl.
type shop struct{ dir, bin, outputs, keys string }

// awsProgram prints the output that the test has for its arguments, or fails as the
// AWS CLI does.
const awsProgram = `#!/bin/sh
output="$OUTPUTS/$(echo "$*" | tr ' /:' '___')"
[ -f "$output" ] && exec cat "$output"
echo "An error occurred ($(cat "$output.error")) when calling the operation" >&2
exit 254
`

// kubectlProgram writes the keys of a ConfigMap or Secret into a folder, as the
// kubelet mounts them.
const kubectlProgram = `#!/bin/sh
[ "$1" = apply ] && exit 0
for argument; do
  case $argument in
  --from-file=*=*) pair=${argument#--from-file=}; cp "${pair#*=}" "$KEYS/${pair%%=*}" || exit ;;
  --from-file=*) cp "${argument#--from-file=}" "$KEYS" || exit ;;
  esac
done
`

// The account that is exported.
const (
	exportedUsers = `{"UserDetailList": [{"Path": "/", "UserName": "alice", "UserId": "AIDAQQQQQQQQALICE0001", "Arn": "arn:aws:iam::123456789012:user/alice", "GroupList": [], "AttachedManagedPolicies": [], "Tags": []}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	exportedList  = `{"repositories": [{"repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/team/app", "registryId": "123456789012", "repositoryName": "team/app"}, {"repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/base", "registryId": "123456789012", "repositoryName": "base"}]}`
	exportedText  = `{"registryId": "123456789012", "repositoryName": "team/app", "policyText": "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"ecr:PutImage\"}}"}`
	exportedFull  = `{"Policies": [{"Id": "p-FullAWSAccess", "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess", "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": true}]}`
	exportedSCPs  = `{"Policies": [{"Id": "p-1a2b3c4d", "Arn": "arn:aws:organizations::345678901234:policy/o-a1b2c3d4e5/service_control_policy/p-1a2b3c4d", "Name": "only reads", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false}]}`
	exportedSCP   = `{"Policy": {"PolicySummary": {"Id": "p-1a2b3c4d", "Name": "only reads", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false}, "Content": "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"ecr:BatchGet*\",\"Resource\":\"*\"}}"}}`
	exportedUser  = "alice:$2a$08$DPaUGmmN39ebaTG5IBzqeePVThMiXfcWcOjP0UuFcO5QJdWVvq5CO\n"
)

func newShop(t *testing.T) *shop {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		prerequisite.Check(t, errors.New("jq is not on PATH: the export of policystore/README.md is not run"))
	}
	s := &shop{dir: t.TempDir(), bin: t.TempDir(), outputs: t.TempDir(), keys: t.TempDir()}
	write := func(path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(s.bin, "aws"), awsProgram, 0o755)
	write(filepath.Join(s.bin, "kubectl"), kubectlProgram, 0o755)
	write(filepath.Join(s.dir, "htpasswd"), exportedUser, 0o644)
	for arguments, output := range map[string]string{
		"iam get-account-authorization-details":               exportedUsers,
		"ecr describe-repositories --region eu-central-1":     exportedList,
		"ecr describe-repositories --region us-east-1":        `{"repositories": []}`,
		"ecr get-registry-policy --region eu-central-1.error": "RegistryPolicyNotFoundException",
		"ecr get-registry-policy --region us-east-1.error":    "RegistryPolicyNotFoundException",
		"ecr list-tags-for-resource --region eu-central-1 --resource-arn arn:aws:ecr:eu-central-1:123456789012:repository/base":     `{"tags": [{"Key": "team", "Value": "blue"}]}`,
		"ecr list-tags-for-resource --region eu-central-1 --resource-arn arn:aws:ecr:eu-central-1:123456789012:repository/team/app": `{"tags": []}`,
		"ecr get-repository-policy --region eu-central-1 --repository-name team/app":                                                exportedText,
		"ecr get-repository-policy --region eu-central-1 --repository-name base.error":                                              "RepositoryPolicyNotFoundException",

		"organizations describe-organization":                                                                 `{"Organization": {"Id": "o-a1b2c3d4e5", "MasterAccountId": "345678901234"}}`,
		"organizations list-roots":                                                                            `{"Roots": [{"Id": "r-ab12", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}, {"Type": "TAG_POLICY", "Status": "ENABLED"}, {"Type": "RESOURCE_CONTROL_POLICY", "Status": "PENDING_ENABLE"}]}]}`,
		"organizations list-accounts-for-parent --parent-id r-ab12":                                           `{"Accounts": [{"Id": "345678901234"}]}`,
		"organizations list-accounts-for-parent --parent-id ou-ab12-11111111":                                 `{"Accounts": []}`,
		"organizations list-accounts-for-parent --parent-id ou-ab12-22222222":                                 `{"Accounts": [{"Id": "123456789012"}]}`,
		"organizations list-accounts-for-parent --parent-id ou-ab12-33333333":                                 `{"Accounts": []}`,
		"organizations list-organizational-units-for-parent --parent-id r-ab12":                               `{"OrganizationalUnits": [{"Id": "ou-ab12-11111111"}, {"Id": "ou-ab12-33333333"}]}`,
		"organizations list-organizational-units-for-parent --parent-id ou-ab12-11111111":                     `{"OrganizationalUnits": [{"Id": "ou-ab12-22222222"}]}`,
		"organizations list-organizational-units-for-parent --parent-id ou-ab12-22222222":                     `{"OrganizationalUnits": []}`,
		"organizations list-organizational-units-for-parent --parent-id ou-ab12-33333333":                     `{"OrganizationalUnits": []}`,
		"organizations list-policies-for-target --target-id r-ab12 --filter SERVICE_CONTROL_POLICY":           exportedFull,
		"organizations list-policies-for-target --target-id 345678901234 --filter SERVICE_CONTROL_POLICY":     exportedFull,
		"organizations list-policies-for-target --target-id ou-ab12-11111111 --filter SERVICE_CONTROL_POLICY": exportedFull,
		"organizations list-policies-for-target --target-id ou-ab12-22222222 --filter SERVICE_CONTROL_POLICY": exportedSCPs,
		"organizations list-policies-for-target --target-id 123456789012 --filter SERVICE_CONTROL_POLICY":     exportedFull,
		"organizations describe-policy --policy-id p-1a2b3c4d":                                                exportedSCP,
	} {
		write(filepath.Join(s.outputs, strings.NewReplacer(" ", "_", "/", "_", ":", "_").Replace(arguments)), output, 0o644)
	}
	return s
}

// paste runs commands in the folder.
func (s *shop) paste(commands string) (string, error) {
	run := exec.Command("bash", "-c", commands)
	run.Dir = s.dir
	run.Env = append(os.Environ(), "PATH="+s.bin+":"+os.Getenv("PATH"), "OUTPUTS="+s.outputs, "KEYS="+s.keys)
	out, err := run.CombinedOutput()
	return string(out), err
}

// blocks returns the code blocks of a page that are in a language.
func blocks(text, language string) (all []string) {
	for _, block := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		all = append(all, block[1])
	}
	return all
}

// TestExport runs the commands of policystore/README.md that export an AWS account, and
// loads the result. Then it does the same with the commands for a ConfigMap.
func TestExport(t *testing.T) {
	s, text := newShop(t), page(t, filepath.Join("policystore", "README.md"))
	commands := blocks(text, "bash")
	if len(commands) != 4 {
		t.Fatalf("%d blocks of commands, want 4", len(commands))
	}
	for _, export := range commands[:2] {
		if out, err := s.paste(export); err != nil || out != "" {
			t.Fatalf("%v: %s", err, out)
		}
	}
	written := 0
	for _, block := range blocks(text, "yaml") {
		title, _, _ := strings.Cut(block, "\n")
		if name, found := strings.CutPrefix(title, "# "); found && strings.HasSuffix(name, ".yaml") {
			written++
			if err := os.WriteFile(filepath.Join(s.dir, name), []byte(block), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if written != 2 {
		t.Fatalf("%d files of YAML to write, want 2", written)
	}
	folders, err := policystore.Load(s.dir, decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	if got := folders.Summary; got.Registries != 2 || got.Principals != 1 || got.RepositoryPolicies != 1 || got.Repositories != 2 || got.TaggedRepositories != 2 || got.ControlPolicies != 1 {
		t.Errorf("loaded %+v", got)
	}
	for _, level := range folders.Contents().ControlLevels {
		if limited := level.Policies[0].Source.File != "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"; limited != (level.Name == "ou-ab12-22222222") {
			t.Errorf("%s has %s", level.Name, level.Policies[0].Source)
		}
	}
	for _, f := range lint.Snapshot(folders) {
		if f.Code == "assumed-scp" {
			t.Error(f.Message())
		}
	}
	if out, err := s.paste(commands[2]); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	flat, err := policystore.Load(s.keys, decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	if flat.Digest != folders.Digest {
		t.Error("the ConfigMap is not the directory")
	}
}

// TestSchemaCommands runs the commands that write the schemas for editors, and checks
// that init writes the same schemas.
func TestSchemaCommands(t *testing.T) {
	s := &shop{dir: t.TempDir()}
	if err := os.Symlink(filepath.Dir(program(t)), filepath.Join(s.dir, "bin")); err != nil {
		t.Fatal(err)
	}
	commands := blocks(page(t, filepath.Join("policystore", "README.md")), "bash")
	if out, err := s.paste(commands[len(commands)-1]); err != nil || out != "" {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := s.paste("bin/extauthz init new --account 123456789012 --region eu-central-1 --registry-host registry.example.com --users alice && diff -r new/.schemas policies/.schemas"); err != nil {
		t.Errorf("the schemas differ from those of init: %v: %s", err, out)
	}
}

// TestExportEnds checks that every failure stops the export, except the failure that a
// repository has no policy.
func TestExportEnds(t *testing.T) {
	exports := blocks(page(t, filepath.Join("policystore", "README.md")), "bash")
	for output, export := range map[string]string{
		"iam_get-account-authorization-details": exports[0], "ecr_describe-repositories_--region_us-east-1": exports[0], "ecr_get-registry-policy_--region_us-east-1": exports[0],
		"ecr_get-repository-policy_--region_eu-central-1_--repository-name_team_app": exports[0], "ecr_get-repository-policy_--region_eu-central-1_--repository-name_base": exports[0],
		"ecr_list-tags-for-resource_--region_eu-central-1_--resource-arn_arn_aws_ecr_eu-central-1_123456789012_repository_base": exports[0],
		"organizations_describe-organization": exports[1], "organizations_list-roots": exports[1],
		"organizations_list-accounts-for-parent_--parent-id_ou-ab12-33333333":                                 exports[1],
		"organizations_list-organizational-units-for-parent_--parent-id_ou-ab12-33333333":                     exports[1],
		"organizations_list-policies-for-target_--target-id_ou-ab12-22222222_--filter_SERVICE_CONTROL_POLICY": exports[1],
		"organizations_describe-policy_--policy-id_p-1a2b3c4d":                                                exports[1],
	} {
		s := newShop(t)
		if err := os.WriteFile(filepath.Join(s.outputs, output+".error"), []byte("AccessDeniedException"), 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(s.outputs, output))
		if out, err := s.paste(export); err == nil || !strings.Contains(out, "AccessDeniedException") {
			t.Errorf("%s fails, and the export with %v: %s", output, err, out)
		}
	}
}
