package main

import (
	"encoding/json"
	"strings"
	"testing"

	"extauthz/schemas"
)

func TestSchema(t *testing.T) {
	for _, name := range schemas.Names() {
		r := commandRun{args: []string{"schema", name}}
		r.do(t)
		if r.code != exitDone || r.stderr != "" || !json.Valid([]byte(r.stdout)) || !strings.HasSuffix(r.stdout, "}\n") {
			t.Errorf("%s: exit %d, stdout %.40q, stderr %q", name, r.code, r.stdout, r.stderr)
		}
	}
	if len(schemas.Names()) < 8 {
		t.Errorf("schemas %q, want at least 8", schemas.Names())
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "extauthz schema: the name of one schema is required, not 0; give one of registries, principals, organization, upstreams, tests, policy, tags, decision-log\n"},
		{[]string{"tags", "tests"}, "extauthz schema: the name of one schema is required, not 2; give one of registries"},
		{[]string{"htpasswd"}, `extauthz schema: schema "htpasswd" does not exist; give one of registries`},
		{[]string{"../doc"}, `extauthz schema: schema "../doc" does not exist`},
	} {
		r := commandRun{args: append([]string{"schema"}, c.args...)}
		r.do(t)
		if r.code != exitInput || r.stdout != "" || !strings.HasPrefix(r.stderr, c.want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want %q", c.args, r.code, r.stdout, r.stderr, c.want)
		}
	}
}
