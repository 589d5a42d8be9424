package identity

import (
	"errors"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/sts"
)

// TestCapturedRoleHasAPath checks that a captured role name refers to a role at one
// path only: a client that chooses the name must not reach roles at other paths.
func TestCapturedRoleHasAPath(t *testing.T) {
	const at = "spiffe://{namespace}/x"
	for _, c := range []struct {
		name, principal, path, who string
		want                       want
	}{
		{"a role at the path", "{namespace}/pod", "/kubernetes/", "prod", want{arn: assumedRole + "prod/pod"}},
		{"a role at another path", "{namespace}/pod", "/kubernetes/", "ci", want{reason: `role "ci" of account 123456789012 is not among the principals at path /kubernetes/`}},
		{"a role at the root", "{namespace}/pod", "/kubernetes/", "admin", want{reason: "at path /kubernetes/"}},
		{"a role at a path below", "{namespace}/pod", "/kubernetes/", "deep", want{reason: "at path /kubernetes/"}},
		{"no role, in the same words", "{namespace}/pod", "/kubernetes/", "none", want{reason: `role "none" of account 123456789012 is not among the principals at path /kubernetes/`}},
		{"the end of a path is not a path", "{namespace}/pod", "/b/", "deep", want{reason: "at path /b/"}},
		{"a path of two", "{namespace}/pod", "/kubernetes/b/", "deep", want{arn: assumedRole + "deep/pod"}},
		{"a prefix, by default at the root", "k8s-{namespace}/pod", "", "prod", want{arn: assumedRole + "k8s-prod/pod"}},
		{"a prefix, at a path", "k8s-{namespace}/pod", "", "path", want{reason: "at path /;"}},
		{"a suffix, at the root", "{namespace}-role/pod", "/", "x", want{arn: assumedRole + "x-role/pod"}},
		{"a literal name, whatever its path", "ci/{namespace}", "", "x1", want{arn: assumedRole + "ci/x1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth := principals{
				entities: []sts.Entity{
					{ARN: role + "kubernetes/prod"}, {ARN: role + "team/ci"}, {ARN: role + "admin"}, {ARN: role + "kubernetes/b/deep"},
					{ARN: role + "k8s-prod"}, {ARN: role + "team/k8s-path"}, {ARN: role + "x-role"},
				},
				bindings: []Binding{{Kind: URI, Name: at, Principal: assumedRole + c.principal, Path: c.path}},
			}.build(t)
			name := strings.Replace(at, "{namespace}", c.who, 1)
			caller, f := authenticate(t, auth, config(), Credentials{Principal: name, Certificate: []byte(certificate(t, certificateNames{uris: []string{name}}))})
			c.want.check(t, caller, f)
		})
	}
}

func TestRolePathRefuses(t *testing.T) {
	for _, c := range []struct{ name, principal, path, want string }{
		{"a role that is wholly captured", assumedRole + "{a}/pod", "", "set `path: /kubernetes/` in this credential"},
		{"the same, at the root", assumedRole + "{a}/{b}", "/", "{a} could match any role at path /"},
		{"no slash before", assumedRole + "{a}/pod", "kubernetes/", "from slash to slash"},
		{"no slash behind", assumedRole + "{a}/pod", "/kubernetes", "from slash to slash"},
		{"an empty segment", assumedRole + "{a}/pod", "//", "from slash to slash"},
		{"a star", assumedRole + "{a}/pod", "/*/", "from slash to slash"},
		{"a capture", assumedRole + "{a}/pod", "/{b}/", "from slash to slash"},
		{"of a literal role", assumedRole + "ci/{a}", "/team/", "leave it out"},
		{"of a user", "arn:aws:iam::123456789012:user/dev/{a}", "/dev/", "leave it out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := bindable(t, Binding{Kind: URI, Name: "spiffe://{a}/{b}", Principal: c.principal, Path: c.path})
			if _, err := w.try(t); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestKubernetesNamesFit checks that the longest and shortest names pass through every
// mapping that fits. A namespace of Kubernetes has up to 63 characters (an RFC 1123
// label) and a service account up to 253 (a DNS subdomain). Names of IAM roles and
// sessions have up to 64, sessions at least 2, and values of tags up to 256. So the
// namespace fits a role's name or a tag, and the service account fits a tag only.
func TestKubernetesNamesFit(t *testing.T) {
	const account = "arn:aws:sts::123456789012:assumed-role/"
	for _, mapping := range []struct {
		name, credential, principal string
		tags                        []sts.Tag // templates
	}{
		{"a role for each namespace, by certificate", "spiffe://cluster.local/ns/{namespace}/sa/{name}",
			account + "{namespace}/pod", []sts.Tag{{Key: "serviceaccount", Value: "{name}"}}},
		{"a role for each namespace, by token", "system:serviceaccount:{namespace}:{name}",
			account + "{namespace}/pod", []sts.Tag{{Key: "serviceaccount", Value: "{name}"}}},
		{"one role for a cluster", "system:serviceaccount:{namespace}:{name}",
			account + "kubernetes/pod", []sts.Tag{{Key: "namespace", Value: "{namespace}"}, {Key: "serviceaccount", Value: "{name}"}}},
	} {
		p, err := nametemplate.CompilePattern(mapping.credential)
		if err != nil {
			t.Fatal(err)
		}
		principal := compiled(t, mapping.principal, p.Names(), nametemplate.ForPrincipal)
		for _, pod := range []nametemplate.Captures{{"a", "b"}, {label(63), subdomain(253)}} {
			t.Run(mapping.name, func(t *testing.T) {
				name := strings.NewReplacer("{namespace}", pod[0], "{name}", pod[1]).Replace(mapping.credential)
				captures, ok := p.Match(name)
				if !ok {
					t.Fatalf("%q does not match %q", name, p)
				}
				checkMapped(t, principal.Expand(captures), "")
				checkKubernetesTags(t, mapping.tags, p, captures)
			})
		}
	}
}

func checkKubernetesTags(t *testing.T, templates []sts.Tag, p *nametemplate.Pattern, captures nametemplate.Captures) {
	t.Helper()
	var tags []sts.Tag
	for _, tag := range templates {
		tags = append(tags, sts.Tag{Key: tag.Key, Value: compiled(t, tag.Value, p.Names(), nametemplate.ForTagValue).Expand(captures)})
	}
	if err := sts.CheckTags(tags); err != nil || tags[len(tags)-1].Value != captures[1] {
		t.Errorf("tags %v: %v", tags, err)
	}
}

// TestKubernetesNamesExceed checks that mappings which fail for some names say which
// limit these exceed.
func TestKubernetesNamesExceed(t *testing.T) {
	for _, c := range []struct {
		name, principal string
		pod             nametemplate.Captures
		want            string
	}{
		{"service account as session", "{namespace}/{name}", nametemplate.Captures{"prod", subdomain(253)}, "role session name"},
		{"service account of one letter as session", "{namespace}/{name}", nametemplate.Captures{"prod", "b"}, "fewer than 2"},
		{"prefix before the namespace", "k8s-{namespace}/pod", nametemplate.Captures{label(63), "b"}, "67 characters, and IAM allows 64"},
		{"namespace of one letter as session", "kubernetes/{namespace}", nametemplate.Captures{"a", "b"}, "fewer than 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "arn:aws:sts::123456789012:assumed-role/" + c.principal
			checkMapped(t, compiled(t, text, []string{"namespace", "name"}, nametemplate.ForPrincipal).Expand(c.pod), c.want)
		})
	}
	if err := sts.CheckSourceIdentity(subdomain(253)); err != nil {
		t.Errorf("a service account of 253 characters is no source identity: %v", err)
	}
}

// checkMapped checks the session of a pod against IAM's limits. want is the limit that
// it exceeds, "" for none.
func checkMapped(t *testing.T, session, want string) {
	t.Helper()
	if principal, err := iam.ParsePrincipal(session); err != nil || principal.Kind != iam.AssumedRole {
		t.Fatalf("principal %+v, error %v", principal, err)
	}
	names := strings.Split(session, "/")
	err := errors.Join(sts.CheckRoleName(names[1]), sts.CheckSessionName(names[2]))
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%q: error %v, want %q", session, err, want)
	}
}

func label(n int) string { return strings.Repeat("n", n-2) + "-n" }

// subdomain returns labels of 63 characters with dots between them.
func subdomain(n int) string {
	return strings.Repeat(strings.Repeat("s", 63)+".", n/64+1)[:n]
}

func compiled(t *testing.T, text string, names []string, use nametemplate.TemplateUse) *nametemplate.Template {
	t.Helper()
	template, err := nametemplate.CompileTemplate(text, names, use)
	if err != nil {
		t.Fatal(err)
	}
	return template
}
