package nametemplate

import (
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
)

func template(t testing.TB, text string, names []string, use TemplateUse) *Template {
	t.Helper()
	compiled, err := CompileTemplate(text, names, use)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestTemplateExpand(t *testing.T) {
	names, captures := []string{"namespace", "name"}, Captures{"team-a", "builder"}
	for _, c := range []struct {
		name, template string
		use            TemplateUse
		want           string
	}{
		{"exact", "arn:aws:iam::123456789012:user/alice", ForPrincipal, "arn:aws:iam::123456789012:user/alice"},
		{"session", "arn:aws:sts::123456789012:assumed-role/k8s-{namespace}/{name}", ForPrincipal, "arn:aws:sts::123456789012:assumed-role/k8s-team-a/builder"},
		{"user under a path", "arn:aws:iam::123456789012:user/{namespace}/{name}", ForPrincipal, "arn:aws:iam::123456789012:user/team-a/builder"},
		{"a literal after the capture", "arn:aws:iam::123456789012:user/{name}-bot", ForPrincipal, "arn:aws:iam::123456789012:user/builder-bot"},
		{"another partition", "arn:aws-cn:iam::123456789012:user/{name}", ForPrincipal, "arn:aws-cn:iam::123456789012:user/builder"},
		{"service", "ci.amazonaws.com", ForPrincipal, "ci.amazonaws.com"},
		{"tag", "{namespace}:{name}", ForTagValue, "team-a:builder"},
		{"tag in another order, twice", "{name}/{namespace}: {name}", ForTagValue, "builder/team-a: builder"},
		{"tag with one capture", "x{name}y", ForTagValue, "xbuildery"},
		{"session", "ci-{name}-x", ForName, "ci-builder-x"},
		{"literal braces", "arn:aws:iam::123456789012:user/{{x}}/{name}", ForPrincipal, "arn:aws:iam::123456789012:user/{x}/builder"},
		{"a capture in literal braces", "{{{name}}}", ForTagValue, "{builder}"},
		{"braces part captures of a tag", "{name}{{{namespace}", ForTagValue, "builder{team-a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			compiled := template(t, c.template, names, c.use)
			if got := compiled.Expand(captures); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if compiled.Exact() != !strings.Contains(c.template, "name") || compiled.String() != c.template {
				t.Errorf("exact: %v, text %q", compiled.Exact(), compiled)
			}
		})
	}
}

func TestCompileTemplateRefuses(t *testing.T) {
	for _, c := range []struct {
		name, template string
		use            TemplateUse
		want           string
	}{
		{"empty", "", ForTagValue, "is empty"},
		{"not closed", "{name", ForTagValue, "does not begin a {name}"},
		{"an exact one with a brace", "a}", ForTagValue, "} without {; write }} for a literal }"},
		{"a capture in braces outside the names", "arn:aws:iam::{{{name}}}:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"unknown capture", "{nam}", ForTagValue, "use one of {namespace}, {name}"},
		{"account", "arn:aws:iam::{name}:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"account of a root user", "arn:aws:iam::{name}:root", ForPrincipal, "only the name in an ARN may be a capture"},
		{"account of a role's session", "arn:aws:sts::{name}:assumed-role/ci/build", ForPrincipal, "only the name in an ARN may be a capture"},
		{"account of a federated user", "arn:aws:sts::{name}:federated-user/carol", ForPrincipal, "only the name in an ARN may be a capture"},
		{"part of the account", "arn:aws:iam::12345678901{name}:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"partition", "arn:{name}:iam::123456789012:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"service", "arn:aws:{name}::123456789012:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"region", "arn:aws:iam:{name}:123456789012:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"kind", "arn:aws:iam::123456789012:{name}/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"whole resource", "arn:aws:iam::123456789012:{name}", ForPrincipal, "only the name in an ARN may be a capture"},
		{"whole ARN", "{name}", ForPrincipal, "only the name in an ARN may be a capture"},
		{"a slash before the resource", "arn:aws:iam:/:{name}:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"name of a service", "{name}.amazonaws.com", ForPrincipal, "only the name in an ARN may be a capture"},
		{"two in the account", "arn:aws:iam::{namespace}{name}:user/alice", ForPrincipal, "only the name in an ARN may be a capture"},
		{"two in a segment", "arn:aws:iam::123456789012:user/{namespace}-{name}", ForPrincipal, "two captures in one segment"},
		{"two in a session's name", "{namespace}-{name}", ForName, "has two captures"},
		{"two in a session's name, parted", "{namespace}/{name}", ForName, "has two captures"},
		{"one twice in a session's name", "{name}.{name}", ForName, "has two captures"},
		{"two in a tag, with nothing between them", "{namespace}{name}", ForTagValue, "put / or : between them"},
		{"two in a tag, with a hyphen between them", "{namespace}-{name}", ForTagValue, "has nothing that separates {namespace} and {name}"},
		{"two in a tag, and the separator elsewhere", "/{namespace}.{name}/", ForTagValue, "put / or : between them"},
		{"the last two of three in a tag", "{name}/{namespace}@{name}", ForTagValue, "has nothing that separates {namespace} and {name}"},
		{"one twice in a segment", "arn:aws:iam::123456789012:user/{name}{name}", ForPrincipal, "two captures in one segment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			compiled, err := CompileTemplate(c.template, []string{"namespace", "name"}, c.use)
			if compiled != nil || err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "" {
				t.Errorf("template %v, error %v; want %q", compiled, err, c.want)
			}
		})
	}
	if _, err := CompileTemplate("{name}", nil, ForTagValue); err == nil || !strings.Contains(err.Error(), "capture it in the name of the credential") {
		t.Errorf("error %v", err)
	}
}

// FuzzTemplate checks that no capture in a template of an ARN determines the account or
// the kind of principal, and that different captures make different ARNs.
func FuzzTemplate(f *testing.F) {
	f.Add([]byte("\x00\x01\x03\x01\x04"), "team", "ci", "tea", "mci")
	f.Add([]byte("\x00\x01\x03\x02\x04"), "a", "b-b", "a-b", "b")
	f.Fuzz(func(t *testing.T, resource []byte, first, second, otherFirst, otherSecond string) {
		for _, capture := range []string{first, second, otherFirst, otherSecond} {
			if _, ok := pattern(t, "{a}").Match(capture); !ok {
				t.Skip("a capture does not match this text")
			}
		}
		text := "arn:aws:iam::123456789012:" + named(shape(resource, "a/-*:"))
		compiled, err := CompileTemplate(text, []string{"a", "b"}, ForPrincipal)
		if err != nil {
			t.Skip(err)
		}
		one, other := Captures{first, second}, Captures{otherFirst, otherSecond}
		if !strings.Contains(text, "{b}") {
			one, other = one[:1], other[:1]
		}
		kind, _, _ := strings.Cut(text, "/")
		for _, captures := range []Captures{one, other} {
			if arn := compiled.Expand(captures); !strings.HasPrefix(arn, kind) {
				t.Errorf("%q became %q", text, arn)
			}
		}
		same := compiled.Expand(one) == compiled.Expand(other)
		if want := compiled.Exact() || strings.Join(one, "/") == strings.Join(other, "/"); same != want {
			t.Errorf("%q for %q and %q: the same is %v", text, one, other, same)
		}
	})
}

// TestCapturesSmuggleNothing checks that a capture cannot end or begin a segment of an
// ARN.
func TestCapturesSmuggleNothing(t *testing.T) {
	p := pattern(t, "CN={name};O=example")
	compiled := template(t, "arn:aws:iam::123456789012:user/{name}", p.Names(), ForPrincipal)
	for _, name := range []string{"../root", "a/b", "a:b", "*", "?", "${aws:username}", "a b", "a\nb", "ä", "a%2Fb", "{name}"} {
		if captures, ok := p.Match("CN=" + name + ";O=example"); ok {
			t.Errorf("%q became %q", name, compiled.Expand(captures))
		}
	}
	captures, ok := p.Match("CN=..;O=example")
	if !ok {
		t.Fatal("dots are characters of names")
	}
	if principal, err := iam.ParsePrincipal(compiled.Expand(captures)); err != nil || principal.Kind != iam.User || principal.Account != "123456789012" {
		t.Errorf("principal %+v, error %v", principal, err)
	}
}

func BenchmarkTemplateExpand(b *testing.B) {
	compiled := template(b, "arn:aws:sts::123456789012:assumed-role/{namespace}/{name}", []string{"namespace", "name"}, ForPrincipal)
	captures := Captures{"team-a", "builder"}
	b.ReportAllocs()
	for b.Loop() {
		compiled.Expand(captures)
	}
}
