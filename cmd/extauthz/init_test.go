package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/scaffold"
)

// TestInit checks that the new directory can be loaded, passes its tests and has no
// findings, with various flags.
func TestInit(t *testing.T) {
	place := []string{"--account", "123456789012", "--region", "eu-central-1"}
	cases := map[string][]string{
		"one of each":       nil,
		"another host":      {"--registry-host", "registry.internal:5000", "--users", "carol", "--admin", "dave", "--other-account", "999999999999", "--github", "Example-Org/tools.build"},
		"immutable subject": {"--github", "acme@123456/app@456789"},
		"managed account":   {"--github", "octocat_acme/app"},
		"odd names":         {"--users", "a+b=c,d.e@f,0,_-", "--repository", "other", "--repository", "other-other=tagged", "--repository", "a__b--c/blobs/uploads=contents"},
		"no template":       {"--repository", "team/app", "--repository", "team/web"},
	}
	for _, template := range scaffold.Templates() {
		cases[string(template)] = []string{"--repository", "a/b=" + string(template)}
	}
	for partition := range iam.Partitions() {
		cases["partition "+partition] = []string{"--partition", partition, "--region", "xx-home-1"}
	}
	for region, partition := range map[string]string{"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc"} {
		cases["region "+region] = []string{"--partition", partition, "--region", region}
	}
	for name, flags := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "policies")
			r := commandRun{args: slices.Concat([]string{"init", dir}, place, flags)}
			r.do(t)
			if r.code != exitDone || r.stderr != "" || !strings.HasPrefix(r.stdout, dir+": wrote ") || !strings.Contains(r.stdout, "htpasswd -B -C 10 -c "+dir+"/htpasswd ") {
				t.Fatalf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
			}
			r = commandRun{args: []string{"test", dir}}
			r.do(t)
			if r.code != exitDone || !regexp.MustCompile(`(?m)^[0-9]+ passed, 0 failed$`).MatchString(r.stdout) {
				t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
			}
			r = commandRun{args: []string{"lint", "--fail-on", "suggestion", dir}}
			r.do(t)
			if r.code != exitDone || r.stdout != "" {
				t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "htpasswd")); err == nil {
				t.Error("the directory contains passwords")
			}
		})
	}
}

// TestInitMistakes checks that nothing is written after a mistake.
func TestInitMistakes(t *testing.T) {
	parent := t.TempDir()
	full := filepath.Join(parent, "full")
	if err := os.CopyFS(full, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(parent, "absent")
	account, region := "--account=123456789012", "--region=eu-central-1"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{account, region}, "no directory is given; add the policy directory, as in extauthz init policies"},
		{[]string{absent}, `--account "" is not an account id; write 12 digits`},
		{[]string{absent, account}, `--region "" is not a region; write one such as eu-central-1`},
		{[]string{absent, account, region, "--users", ""}, `--users: "" is not a user name; use 1 to 64`},
		{[]string{absent, account, region, "--repository", "a=b"}, `invalid value "a=b" for flag --repository: "b" is not a template`},
		{[]string{absent, account, region, "--repository", "Team"}, `invalid value "Team" for flag --repository: "Team" is not a repository name; write one such as team/app`},
		{[]string{absent, account, region, "--registry-host", "a..b"}, `--registry-host "a..b" is not a host; write a lower-case host name`},
		{[]string{absent, account, "--region=cn-north-1"}, `--region "cn-north-1" is in partition "aws-cn", not in "aws"; write --partition aws-cn, or another region`},
		{[]string{absent, account, "--region=eu-west-1", "--partition", "aws-cn"}, `--region "eu-west-1" is in partition "aws", not in "aws-cn"; write --partition aws, or another region`},
		{[]string{absent, account, region, "--partition", "aws-xx"}, `--partition "aws-xx" is not a partition; write one of aws, aws-cn, `},
		{[]string{absent, account, region, "b"}, `unexpected argument "b"; give one directory`},
		{[]string{absent, "--account=444455556666", region}, "is the registry's account; give another"},
		{[]string{full, account, region}, "is not empty; give a directory that does not exist"},
		{[]string{filepath.Join(absent, "below"), account, region}, "give a directory whose parent exists"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := commandRun{args: append([]string{"init"}, c.args...)}
			r.do(t)
			if r.code != exitInput || r.stdout != "" || !strings.HasPrefix(r.stderr, "extauthz init: ") || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want %q", r.code, r.stdout, r.stderr, c.want)
			}
		})
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
