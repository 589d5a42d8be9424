package sts

import (
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
)

const web = `"sts:AssumeRoleWithWebIdentity"`

// assuming returns roles with different trust policies for gitlab.
func assuming(t testing.TB) *Entities {
	t.Helper()
	provider := `{"Federated":"` + gitlabProvider + `"}`
	all := `["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]`
	roles := map[string]*iam.Policy{
		"plain":       iamtest.Trust(t, provider, web, ""),
		"all":         iamtest.Trust(t, provider, all, ""),
		"tags":        iamtest.Trust(t, provider, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`, ""),
		"everyone":    iamtest.Trust(t, `"*"`, all, ""),
		"account":     iamtest.Trust(t, `{"AWS":"123456789012"}`, all, ""),
		"service":     iamtest.Trust(t, `{"Service":"pods.eks.amazonaws.com"}`, all, ""),
		"assumerole":  iamtest.Trust(t, provider, `"sts:AssumeRole"`, ""),
		"elsewhere":   iamtest.Trust(t, `{"Federated":"arn:aws:iam::999999999999:oidc-provider/gitlab.example.com"}`, all, ""),
		"otherplace":  iamtest.Trust(t, `{"Federated":"arn:aws-cn:iam::123456789012:oidc-provider/gitlab.example.com"}`, all, ""),
		"address":     iamtest.Trust(t, provider, all, `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`),
		"session":     iamtest.Trust(t, provider, all, `{"StringEquals":{"sts:RoleSessionName":"gitlab"}}`),
		"onlyteam":    iamtest.Trust(t, provider, all, `{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]},"StringEquals":{"aws:RequestTag/team":"blue"}}`),
		"transitive":  iamtest.Trust(t, provider, all, `{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"team"}}`),
		"source":      iamtest.Trust(t, provider, all, `{"StringLike":{"sts:SourceIdentity":"alice*"}}`),
		"provider":    iamtest.Trust(t, provider, all, `{"StringEquals":{"aws:FederatedProvider":"`+gitlabProvider+`"}}`),
		"own":         iamtest.Trust(t, provider, all, `{"StringEquals":{"aws:ResourceAccount":"123456789012"}}`),
		"unmapped":    iamtest.Trust(t, provider, all, `{"StringEquals":{"gitlab.example.com:project_path":"acme/app"}}`),
		"notunmapped": iamtest.Trust(t, provider, all, `{"StringNotEquals":{"gitlab.example.com:project_path":"acme/app"}}`),
		"developers":  iamtest.Trust(t, provider, all, `{"ForAnyValue:StringEquals":{"gitlab.example.com:groups":"developers"}}`),
		"onlygroups":  iamtest.Trust(t, provider, all, `{"ForAllValues:StringLike":{"gitlab.example.com:groups":"dev*"},"Null":{"gitlab.example.com:groups":"false"}}`),
		"onegroup":    iamtest.Trust(t, provider, all, `{"StringEquals":{"gitlab.example.com:groups":"developers"}}`),
		"contractors": iamtest.Policy(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":`+provider+`,"Action":`+all+`},
			{"Effect":"Deny","Principal":"*","Action":`+web+`,"Condition":{"ForAnyValue:StringEquals":{"gitlab.example.com:groups":"contractors"}}}]}`),
		"denied": iamtest.Policy(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":`+provider+`,"Action":`+all+`},
			{"Effect":"Deny","Principal":"*","Action":`+web+`,"Condition":{"StringEquals":{"gitlab.example.com:sub":"job"}}}]}`),
	}
	entities := NewEntities(nil, nil)
	for name, policy := range roles {
		if err := entities.Add(Entity{ARN: role + name, ID: "AROAEXAMPLE" + strings.ToUpper(name), Trust: policy, Tags: []Tag{{"Team", "none"}, {"stage", "prod"}}}); err != nil {
			t.Fatal(err)
		}
	}
	return entities
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	entities := assuming(t)
	tags := func(tags map[string]any, transitive ...any) claims {
		claim := claims{"principal_tags": tags}
		if transitive != nil {
			claim["transitive_tag_keys"] = transitive
		}
		return claims{tagsClaim: claim}
	}
	team := tags(claims{"team": []any{"blue"}})
	const denied = "is not authorized to perform: "
	for _, c := range []struct {
		name, role string
		claims     claims
		reason     string // "" where the role is assumed
	}{
		{name: "trusted", role: "plain"},
		{name: "everyone is not a provider", role: "everyone", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "the account is not a provider", role: "account", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "a service is not a provider", role: "service", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "another action", role: "assumerole", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "the provider of another account", role: "elsewhere", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "the provider of another partition", role: "otherplace", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "an explicit deny", role: "denied", reason: denied + "sts:AssumeRoleWithWebIdentity"},
		{name: "an explicit deny of another", role: "denied", claims: claims{"sub": "other"}},
		{name: "the request's own keys", role: "address"},
		{name: "the session's name", role: "session"},
		{name: "the provider as key", role: "provider"},
		{name: "the role's account as key", role: "own"},
		{name: "a claim that is not a key", role: "unmapped", claims: claims{"project_path": "acme/app"}, reason: denied},
		{name: "a claim that is not a key, negated", role: "notunmapped", claims: claims{"project_path": "acme/app"}},
		{name: "a group of several", role: "developers", claims: claims{"groups": []any{"staff", "developers"}}},
		{name: "other groups", role: "developers", claims: claims{"groups": []any{"staff", "developers-evil"}}, reason: denied},
		{name: "no groups", role: "developers", claims: claims{"groups": []any{}}, reason: denied},
		{name: "a list of numbers", role: "developers", claims: claims{"groups": []any{7.0, true}}, reason: denied},
		{name: "a nested list", role: "developers", claims: claims{"groups": []any{[]any{"developers"}}}, reason: denied},
		{name: "a list of strings and numbers", role: "developers", claims: claims{"groups": []any{"developers", 7.0}}, reason: "strings and other values"},
		{name: "the same for a role that does not exist", role: "none", claims: claims{"groups": []any{"developers", 7.0}}, reason: "strings and other values"},
		{name: "all groups", role: "onlygroups", claims: claims{"groups": []any{"developers", "devops"}}},
		{name: "not all groups", role: "onlygroups", claims: claims{"groups": []any{"developers", "staff"}}, reason: denied},
		{name: "no groups for all", role: "onlygroups", claims: claims{"groups": []any{}}, reason: denied},
		{name: "a group without ForAnyValue", role: "onegroup", claims: claims{"groups": []any{"developers"}}, reason: denied},
		{name: "a denied group", role: "contractors", claims: claims{"groups": []any{"developers", "contractors"}}, reason: denied},
		{name: "no denied group", role: "contractors", claims: claims{"groups": []any{"developers"}}},
		{name: "groups in two spellings", role: "contractors", claims: claims{"groups": []any{"developers"}, "Groups": []any{"contractors"}}, reason: "is that of another claim"},
		{name: "a list instead of the subject", role: "denied", claims: claims{"sub": []any{"other"}, "SUB": []any{"other"}}, reason: "is that of another claim"},
		{name: "tags", role: "tags", claims: team},
		{name: "tags, without sts:TagSession", role: "plain", claims: team, reason: denied + "sts:TagSession"},
		{name: "a tag of the operator's, without sts:TagSession", role: "plain", claims: claims{"ref": "main"}, reason: denied + "sts:TagSession"},
		{name: "flat tags", role: "tags", claims: claims{flatTagPrefix + "team": "blue"}},
		{name: "flat tags, without sts:TagSession", role: "plain", claims: claims{flatTagPrefix + "team": "blue"}, reason: denied + "sts:TagSession"},
		{name: "tags that the policy requires", role: "onlyteam", claims: team},
		{name: "another value", role: "onlyteam", claims: tags(claims{"team": []any{"red"}}), reason: denied},
		{name: "a tag more", role: "onlyteam", claims: tags(claims{"team": []any{"blue"}, "x": []any{"y"}}), reason: denied},
		{name: "no tags", role: "onlyteam", reason: denied},
		{name: "transitive", role: "transitive", claims: tags(claims{"team": []any{"blue"}}, "team")},
		{name: "not transitive", role: "transitive", claims: team, reason: denied},
		{name: "source identity", role: "source", claims: claims{sourceIdentityClaim: "alice@example.com"}},
		{name: "another source identity", role: "source", claims: claims{sourceIdentityClaim: "bob"}, reason: denied},
		{name: "no source identity", role: "source", reason: denied},
		{name: "source identity, without sts:SetSourceIdentity", role: "tags", claims: claims{sourceIdentityClaim: "alice"}, reason: denied + "sts:SetSourceIdentity"},
		{name: "source identity of 256", role: "all", claims: claims{sourceIdentityClaim: strings.Repeat("s", 256)}},
		{name: "source identity of 257", role: "all", claims: claims{sourceIdentityClaim: strings.Repeat("s", 257)}, reason: "257 characters"},
		{name: "source identity of 1", role: "all", claims: claims{sourceIdentityClaim: "s"}, reason: "fewer than 2"},
		{name: "source identity with a blank", role: "all", claims: claims{sourceIdentityClaim: "a b"}, reason: "characters other than"},
		{name: "source identity is a list", role: "all", claims: claims{sourceIdentityClaim: []any{"alice"}}, reason: "not a string"},
		{name: "source identity is null", role: "all", claims: claims{sourceIdentityClaim: (*string)(nil)}, reason: "not a string"},
		{name: "tags that are a list", role: "all", claims: claims{tagsClaim: []any{team}}, reason: "is not {"},
		{name: "tags that are a string", role: "all", claims: claims{tagsClaim: "team=blue"}, reason: "is not {"},
		{name: "tags that are null", role: "all", claims: claims{tagsClaim: (*string)(nil)}, reason: "is not {"},
		{name: "a member more", role: "all", claims: claims{tagsClaim: claims{"principal_tag": claims{}}}, reason: "is not {"},
		{name: "a tag that is a string", role: "all", claims: tags(claims{"team": "blue"}), reason: "is not {"},
		{name: "a tag that is a number", role: "all", claims: tags(claims{"team": []any{1}}), reason: "is not {"},
		{name: "a tag of two values", role: "all", claims: tags(claims{"team": []any{"blue", "red"}}), reason: "is not {"},
		{name: "a tag of no value", role: "all", claims: tags(claims{"team": []any{}}), reason: "is not {"},
		{name: "a tag without key", role: "all", claims: tags(claims{"": []any{"blue"}}), reason: "has no key"},
		{name: "a flat tag without key", role: "all", claims: claims{flatTagPrefix: "blue"}, reason: "has no key"},
		{name: "a flat tag that is a list", role: "all", claims: claims{flatTagPrefix + "team": []any{"blue"}}, reason: "KEY must be a string"},
		{name: "a tag twice in different case", role: "all", claims: tags(claims{"team": []any{"blue"}, "Team": []any{"red"}}), reason: "are the same"},
		{name: "a tag nested and flat", role: "all", claims: claims{tagsClaim: team[tagsClaim], flatTagPrefix + "team": "blue"}, reason: "are the same"},
		{name: "a tag of the operator's and of the token's", role: "all", claims: claims{"ref": "main", flatTagPrefix + "ref": "dev"}, reason: "are the same"},
		{name: "a tag of AWS's own", role: "all", claims: tags(claims{"aws:x": []any{"blue"}}), reason: "reserved"},
		{name: "a tag with a line break", role: "all", claims: tags(claims{"team": []any{"a\nb"}}), reason: "characters other than"},
		{name: "51 tags", role: "all", claims: tags(numbered(51)), reason: "too many tags: 51"},
		{name: "50 tags", role: "all", claims: tags(numbered(50))},
		{name: "a key of 129", role: "all", claims: tags(claims{strings.Repeat("k", 129): []any{"v"}}), reason: "129 characters"},
		{name: "a value of 257", role: "all", claims: tags(claims{"k": []any{strings.Repeat("v", 257)}}), reason: "257 characters"},
		{name: "transitive, and absent", role: "all", claims: tags(claims{"team": []any{"blue"}}, "x"), reason: "does not have"},
		{name: "transitive is a string", role: "all", claims: claims{tagsClaim: claims{"transitive_tag_keys": "team"}}, reason: "is not {"},
		{name: "flat transitive is a string", role: "all", claims: claims{flatTransitiveClaim: "team"}, reason: "not a list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := gitlabs(t, c.role, c.claims)
			if ref, found := c.claims["ref"].(string); found {
				r.Tags = []Tag{{"Ref", ref}}
			}
			r.Context = iam.Context{{Key: "aws:SourceIp", Value: "192.0.2.7"}, {Key: "aws:ResourceAccount", Value: "999999999999"}}
			output, err := entities.AssumeRoleWithWebIdentity(NewProvider("gitlab", "gitlab.example.com"), r)
			check(t, output.Caller, err, session+c.role+"/gitlab", c.reason)
		})
	}
}

// numbered returns n tags.
func numbered(n int) claims {
	all := claims{}
	for _, tag := range manyTags(n) {
		all[tag.Key] = []any{tag.Value}
	}
	return all
}
