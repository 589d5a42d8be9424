package lint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
)

// TestExamples checks that the example directories have no findings.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/policies")
	if err != nil || len(dirs) < 4 {
		t.Fatalf("%d examples (%v), want at least 4", len(dirs), err)
	}
	for _, dir := range dirs {
		findings, err := Directory(dir)
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v, %v", dir, findings, err)
		}
	}
}

// TestCodes checks that every code in the sources has a page, and that every page belongs
// to a code.
func TestCodes(t *testing.T) {
	var pages []string
	for _, p := range Pages() {
		pages = append(pages, p.Code)
	}
	var text strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") {
			text.Write(source)
		}
	}
	for _, code := range pages {
		if !strings.Contains(text.String(), `"`+code+`"`) {
			t.Errorf("nothing reports the code of page %s", code)
		}
	}
	for _, m := range reported.FindAllStringSubmatch(text.String(), -1) {
		if !slices.Contains(pages, m[1]) {
			t.Errorf("code %s has no page", m[1])
		}
	}
	if n := len(reported.FindAllString(text.String(), -1)); n < 80 {
		t.Errorf("%d calls with a code found, want at least 80", n)
	}
}

// TestUnloadable checks that each fault of a directory becomes a finding, with its file
// relative to the directory.
func TestUnloadable(t *testing.T) {
	at := func(file string, p diag.Point) diag.Diagnostic {
		return diag.New(diag.File(file).At(p), "no Effect", "add one")
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{at("managed/a.json", diag.Point{Line: 3, Column: 4}), "[managed/a.json:3:4: error: unloadable: no Effect; add one]"},
		{at("principals.yaml", diag.Point{Line: 7}), "[principals.yaml:7: error: unloadable: no Effect; add one]"},
		{at("registries.yaml", diag.Point{}), "[registries.yaml: error: unloadable: no Effect; add one]"},
		{at(".", diag.Point{}), "[.: error: unloadable: no Effect; add one]"},
		{at("/elsewhere/a.json", diag.Point{Line: 1, Column: 2}), "[/elsewhere/a.json:1:2: error: unloadable: no Effect; add one]"},
		{errors.New("something else\nin two lines"), "[.: error: unloadable: something else; in two lines]"},
		{errors.Join(at("a", diag.Point{}), at("b", diag.Point{})), "[a: error: unloadable: no Effect; add one b: error: unloadable: no Effect; add one]"},
	} {
		var texts []string
		for _, f := range unloadable(c.err) {
			texts = append(texts, f.Text())
		}
		if got := fmt.Sprint(texts); got != c.want {
			t.Errorf("%q: got %s want %s", c.err, got, c.want)
		}
	}
}

func TestDirectoryCannotBeRead(t *testing.T) {
	for _, dir := range []string{"testdata/none", "testdata/base/htpasswd"} {
		findings, err := Directory(dir)
		faults := diag.Of(err)
		if findings != nil || len(faults) != 1 || !strings.HasPrefix(faults[0].Problem, dir+": the policy directory cannot be read: ") || faults[0].Remedy != "give a policy directory that can be read" {
			t.Errorf("%s: %v, %v", dir, findings, err)
		}
	}
}

// TestOrder checks that the findings are sorted and always the same.
func TestOrder(t *testing.T) {
	dir := large(t, 50)
	first, err := Directory(dir)
	if err != nil || len(first) < 50 {
		t.Fatalf("%d findings, %v", len(first), err)
	}
	for range 5 {
		again, err := Directory(dir)
		if err != nil || !slices.Equal(first, again) {
			t.Fatalf("findings differ: %v", err)
		}
	}
	for i := 1; i < len(first); i++ {
		if a, b := first[i-1], first[i]; a == b || a.File > b.File || a.Source == b.Source && a.Line > b.Line {
			t.Errorf("%s comes before %s", a, b)
		}
	}
}

// large writes a directory with n repositories with policies, and n users with a policy
// and a credential each. Every second policy has a finding.
func large(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	actions := []string{`["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]`, `["ecr:BatchGetImage"]`}
	var principals, credentials strings.Builder
	credentials.WriteString("credentials:\n- {basic: alice, principal: 'arn:aws:iam::123456789012:user/alice'}\n")
	principals.WriteString("principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice', policies: [developers]}\n")
	for i := range n {
		fmt.Fprintf(&credentials, "- {uri: 'spiffe://a/%d', principal: 'arn:aws:iam::123456789012:user/u%d'}\n", i, i)
		fmt.Fprintf(&principals, "- {arn: 'arn:aws:iam::123456789012:user/u%d', policies: [p%d]}\n", i, i)
		write(fmt.Sprintf("managed/p%d.json", i), fmt.Sprintf(`{"Version":"2012-10-17","Statement":[%s,
			{"Effect":"Allow","Action":%s,"Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/t%d/*"}]}`, loginStatement, actions[i%2], i))
		write(fmt.Sprintf("accounts/123456789012/eu-central-1/repositories/t%d/app/_policy.json", i), fmt.Sprintf(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/u%d"},"Action":%s}}`, i, actions[i%2]))
	}
	write("principals.yaml", credentials.String()+principals.String())
	return dir
}

// BenchmarkDirectory lints 10,000 policies of repositories and 10,000 of users.
func BenchmarkDirectory(b *testing.B) {
	dir := large(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		findings, err := Directory(dir)
		if err != nil || len(findings) != 10_000 {
			b.Fatalf("%d findings, %v", len(findings), err)
		}
	}
}

// reported matches the code in a call of report, reportOf or reportAt.
var reported = regexp.MustCompile(`report(?:Of|At)?\([^"\n]*"([a-z]+-[a-z-]+)"[,}]`)
