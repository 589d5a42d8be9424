package clients

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// readme is the page with a head, the table, and a section for each client.
const readme = "README.md"

// head is the beginning of README.md.
const head = `# Registry clients through extauthz

What each client does through Envoy and extauthz, in front of the CNCF
Distribution registry, with a user name and a password. The test
TestClients runs all of it and compares this page with the results. It compares the
output of a client only if its version is the one below, because others may print
something else.
Update the page with ` + "`go test -C tests ./clients -update`" + `, on a machine that has
every client, with ALL_CLIENTS=true: helm and cosign are built only then.

"yes" works as with the registry alone. "denied" ends with an error and the text
below, which contains the reason. A number is the reason why the client does not have
the operation, with or without extauthz.

"denied, no reason" means that the client does not print the reason. ctr of containerd 1.6
prints only the status of the response; ctr of containerd 2.4 ("ctr2") prints the
reason. A proxy reports every error of its upstream as a manifest that does not exist.
The operator finds the reason of every denial in extauthz's decision log
(--decision-log): a line with the caller's principal, the repository, and in "reason"
the sentence that other clients print. The test checks that line for each denial of the
table.

"denied HEAD" is about HEAD requests, with which clients look for a blob before they
push it, or for a manifest before they pull it. The response does not have a body. It
has the reason in its header X-Ecr-Authz-Reason, which no client prints. In this column
the user may log in, but neither pull nor push, and the client pushes. docker and the
proxy pull instead: docker begins a push without HEAD, and the proxy does not push.
After the denied HEAD request, "denied" clients send another request and print the
reason in its response. The others stop and print only the status. If a user who pushes
may also pull, the HEAD request is allowed, and all clients except ctr print the reason
of the denied upload.
Below, "first of a HEAD" marks the other denials in which a HEAD was denied.

cosign's clean prints the reason for each signature that it may not delete, deletes
none, and exits with code 0. regctl's tag delete, if it may not delete the tag, moves it
to an empty manifest, which it may push, and then fails to delete that. After that, the
tag refers to the empty manifest, and the image can only be pulled by digest.

`

// wording replaces what differs between runs or machines, and the detail of errors, which is for
// programs.
var wording = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "proxy.example"},
	{regexp.MustCompile(`time="[^"]*"`), `time="…"`},
	{regexp.MustCompile(`\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "…"},
	{regexp.MustCompile(`,\\?"detail\\?":\{[^}]*\}`), ""},
	{regexp.MustCompile(`[;:] map\[(action|decisionId):[^\]]*\]`), ""},
	{regexp.MustCompile(`sha256:[0-9a-f]{12,64}`), "sha256:…"},
}

// aboutDenial matches the lines of a client's output that report a denial.
var aboutDenial = regexp.MustCompile(`(?i)denied|authorized|forbidden|\b403\b|MANIFEST_UNKNOWN`)

// denialLine returns the last line of an output that reports a denial. It is the same in every
// run.
func (s *session) denialLine(out string) (last string) {
	out = strings.NewReplacer(s.address, "registry.example", s.home, "HOME", "\r", "\n").Replace(out)
	for _, w := range wording {
		out = w.pattern.ReplaceAllString(out, w.with)
	}
	for line := range strings.Lines(out) {
		if aboutDenial.MatchString(line) {
			last = strings.TrimSpace(line)
		}
	}
	return last
}

// section returns the section of README.md with the output of the client.
func (v *trial) section(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n`%s`\n", v.name, version)
	for _, at := range operations {
		if text := v.denials[at] + v.remarks[at]; text != "" {
			title := string(at)
			if v.heads[at] {
				title += ", first of a HEAD"
			}
			fmt.Fprintf(&b, "\n%s:\n\n```text\n%s\n```\n", title, text)
		}
	}
	return b.String()
}

// checkReadme compares the client's section of README.md with this run. A client of another version
// may print something else.
func (v *trial) checkReadme(t *testing.T) {
	t.Run("README", func(t *testing.T) {
		version := v.printedVersion(v.newSession(t, "localhost", ""))
		got := v.section(version)
		if goldentest.Updating() {
			sections.Store(v.name, got)
			return
		}
		want := sectionOf(t, v.name)
		if !strings.Contains(want, "`"+version+"`") {
			t.Logf("README.md is about another version than %q", version)
			return
		}
		if strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("README.md has\n%s\nwant\n%s", want, got)
		}
	})
}
