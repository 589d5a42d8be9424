package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unitFiles has two accounts in two organizational units. The first unit has an allow
// list. The second denies all regions except eu-central-1.
var unitFiles = map[string]string{
	"registries.yaml": `registries:
- {name: first, hosts: [first], account: "111122223333", region: us-east-1}
- {name: second, hosts: [second], account: "444455556666", region: us-east-1}
- {name: home, hosts: [home], account: "444455556666", region: eu-central-1}
`,
	"principals.yaml": `principals:
- {arn: "arn:aws:iam::111122223333:user/anna", policies: [everything]}
- {arn: "arn:aws:iam::444455556666:user/ben", policies: [everything]}
credentials:
- {dns: anna, principal: "arn:aws:iam::111122223333:user/anna"}
- {dns: ben, principal: "arn:aws:iam::444455556666:user/ben"}
`,
	"organization.yaml": `id: o-a1b2c3d4e5
accounts:
  "111122223333": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/
  "444455556666": o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/
`,
	"managed/everything.json":                 `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`,
	"organization/scp/r-ab12/full.json":       `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"organization/scp/111122223333/full.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"organization/scp/444455556666/full.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"organization/scp/ou-ab12-11111111/reads.json": `{"Version":"2012-10-17","Statement":{"Sid":"Reads","Effect":"Allow",
		"Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}}`,
	"organization/scp/ou-ab12-22222222/full.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"organization/scp/ou-ab12-22222222/home.json": `{"Version":"2012-10-17","Statement":{"Sid":"Home","Effect":"Deny","Action":"*","Resource":"*",
		"Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-central-1"}}}}`,
	"tests/units.yaml": `tests:
- {name: the allow list has it, registry: first, credential: {dns: anna}, request: GET /v2/a/manifests/v1, expect: allowed}
- {name: the allow list lacks it, registry: first, credential: {dns: anna}, request: PUT /v2/a/manifests/v1, expect: implicitDeny, denied: ecr:PutImage}
- {name: another region, registry: second, credential: {dns: ben}, request: GET /v2/a/manifests/v1, expect: explicitDeny}
- {name: the home region, registry: home, credential: {dns: ben}, request: PUT /v2/a/manifests/v1, expect: allowed}
`,
}

// Source: AWS Organizations User Guide, "SCP evaluation": an account has the
// policies of the root, of the units on its path, and its own.
func TestUnitsOfAnOrganization(t *testing.T) {
	dir := t.TempDir()
	for name, text := range unitFiles {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "..")) // as in a ConfigMap
		if strings.HasPrefix(name, "tests/") {
			file = filepath.Join(dir, name)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := commandRun{args: []string{"test", dir}}
	r.do(t)
	if r.code != exitDone || !strings.HasSuffix(r.stdout, "4 passed, 0 failed\n") {
		t.Errorf("test: exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
	for _, c := range []struct{ user, registry, region, action, want, matched string }{
		{"111122223333:user/anna", "first", "us-east-1", "ecr:BatchGetImage", "allowed", `organization/scp/ou-ab12-11111111/reads.json`},
		{"111122223333:user/anna", "first", "us-east-1", "ecr:PutImage", "implicitDeny", ""},
		{"444455556666:user/ben", "second", "us-east-1", "ecr:PutImage", "explicitDeny", `organization/scp/ou-ab12-22222222/home.json`},
		{"444455556666:user/ben", "home", "eu-central-1", "ecr:PutImage", "allowed", `organization/scp/ou-ab12-22222222/full.json`},
	} {
		r := commandRun{args: []string{"simulate", "--policies", dir, "--registry", c.registry, "--principal", "arn:aws:iam::" + c.user, "--action", c.action, "--resource", "arn:aws:ecr:" + c.region + ":" + c.user[:12] + ":repository/a"}}
		r.do(t)
		if r.code != exitDone || !strings.Contains(r.stdout, `"EvalDecision": "`+c.want+`"`) || !strings.Contains(r.stdout, c.matched) {
			t.Errorf("simulate %+v: exit %d, stdout %s, stderr %s", c, r.code, r.stdout, r.stderr)
		}
	}
}
