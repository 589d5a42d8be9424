package clients

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// readme is README.md: a head, the table, and a section for each client.
const readme = "README.md"

// head is what README.md begins with.
const head = `# Registry clients through extauthz

What each client does through Envoy and extauthz, in front of the CNCF
Distribution registry, with a user name and a password. The test
TestClients runs all of it and compares this page with what it saw, the words of
a client only where its version is the one below: another may say it otherwise.
Update the page with ` + "`go test -C tests ./clients -update`" + `, on a machine that has
every client, with ALL_CLIENTS=true: helm and cosign are built only then.

"yes" works as with the registry alone. "denied" ends with an error and the
text below, in which the person reads the reason. A number is why there is
nothing to run: the client itself cannot do it, with or without extauthz.

"denied, unsaid" means that the client hides the reason from the person. ctr of
containerd 1.6 prints only the status of the answer; that of containerd 2.4
("ctr2") prints the reason. A proxy tells its own clients that there is no such
manifest, whatever its upstream said. The operator finds the reason of every denial in
extauthz's decision log (--decision-log): a line with the caller's principal,
the repository, and in "reason" the sentence that other clients print. The test
wants that line for each denial of the table.

"denied HEAD" is about HEAD requests, with which clients look for a blob before
they push it, or for a manifest before they pull it. The answer has no body and
has the reason in its header X-Ecr-Authz-Reason, which no client prints. In this
column the user may log in, but neither pull nor push, and the client pushes. docker
and the proxy pull instead: docker begins a push without HEAD, and the proxy does not
push. After the denied HEAD "denied" clients send another request and print the
reason in its answer. The others stop and print only the status. If those who push
also have the right to pull, the HEAD is allowed, and all but ctr print the reason of
the denied upload.
Below, "first of a HEAD" marks the other denials in which a HEAD was denied.

cosign's clean prints the reason for each signature that it may not delete,
deletes none, and exits with 0. regctl's tag delete, where it may not delete the
tag, moves it to an empty manifest that it may push, and fails to delete that:
the tag then names the empty one, and the image has only its digest.

`

// wording replaces what differs from run to run, or from machine to machine,
// and what is for programs: the detail of an error.
var wording = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "proxy.example"},
	{regexp.MustCompile(`time="[^"]*"`), `time="…"`},
	{regexp.MustCompile(`\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "…"},
	{regexp.MustCompile(`,\\?"detail\\?":\{[^}]*\}`), ""},
	{regexp.MustCompile(`; map\[action:[^\]]*\]`), ""},
	{regexp.MustCompile(`sha256:[0-9a-f]{12,64}`), "sha256:…"},
}

// telling marks the lines of a client's output that tell of a denial.
var telling = regexp.MustCompile(`(?i)denied|authorized|forbidden|\b403\b|MANIFEST_UNKNOWN`)

// spoken is the last line of an output that tells a person of a denial, the
// same in every run.
func (s *session) spoken(out string) (told string) {
	out = strings.NewReplacer(s.address, "registry.example", s.home, "HOME", "\r", "\n").Replace(out)
	for _, w := range wording {
		out = w.pattern.ReplaceAllString(out, w.with)
	}
	for line := range strings.Lines(out) {
		if telling.MatchString(line) {
			told = strings.TrimSpace(line)
		}
	}
	return told
}

// section is what README.md says about what the client printed.
func (v *visit) section(version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n`%s`\n", v.name, version)
	for _, at := range occasions {
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

// told compares the client's section of README.md with this run. A client of
// another version may print something else.
func (v *visit) told(t *testing.T) {
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
			t.Errorf("README.md says\n%s\nthis run says\n%s", want, got)
		}
	})
}
