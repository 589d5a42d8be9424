package sts

import (
	"encoding/json"
	"testing"

	"extauthz/identity/oidc"
)

// FuzzSessionTags checks that the tags of a token are within AWS's limits or refused.
func FuzzSessionTags(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"` + tagsClaim + `":{"principal_tags":{"a":["b"]},"transitive_tag_keys":["a"]}}`, `{"` + flatTagPrefix + `a":"b","` + flatTransitiveClaim + `":["A"]}`,
		`{"` + tagsClaim + `":null}`, `{"` + sourceIdentityClaim + `":"alice"}`, `{"ref":"main"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var all oidc.Claims
		if json.Unmarshal(text, &all) != nil {
			return
		}
		var others []Tag
		if ref, found := all.Text("ref"); found {
			others = []Tag{{"ref", ref}}
		}
		tags, err := sessionTagsOf(all, others, nil)
		if err == nil && CheckTags(tags.tags) != nil {
			t.Errorf("tags %v", tags)
		}
		for _, key := range tags.transitive {
			if findTag(tags.tags, key) < 0 {
				t.Errorf("%q is transitive, and no tag", key)
			}
		}
		identity, err := sourceIdentityOf(all)
		if err == nil && identity != "" && CheckSourceIdentity(identity) != nil {
			t.Errorf("source identity %q", identity)
		}
	})
}
