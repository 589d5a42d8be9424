package access_test

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/access"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// large returns a directory with n users and n repositories, each with a policy.
func large(n int) map[string]string {
	files := map[string]string{
		"registries.yaml": "registries:\n- {name: main, hosts: [h], account: \"123456789012\", region: eu-central-1}\n",
	}
	for i := range 100 {
		files[fmt.Sprintf("managed/team-%d.json", i)] = fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
 {"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"arn:aws:ecr:*:123456789012:repository/team-%d/*"},
 {"Effect":"Allow","Action":"ecr:PutImage","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`, i)
	}
	var who strings.Builder
	who.WriteString("credentials:\n- {uri: \"spiffe://example.com/{name}\", principal: \"arn:aws:iam::123456789012:user/{name}\"}\nprincipals:\n")
	for i := range n {
		fmt.Fprintf(&who, "- {arn: \"arn:aws:iam::123456789012:user/user-%d\", policies: [team-%d], tags: {team: \"%d\"}}\n", i, i%100, i%100)
		files[fmt.Sprintf("accounts/123456789012/eu-central-1/repositories/team-%d/app-%d/_policy.json", i%100, i)] = fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
 {"Sid":"Pull","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/user-%d"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]},
 {"Sid":"NotFromOutside","Effect":"Deny","Principal":"*","Action":"ecr:PutImage","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`, i)
	}
	files["principals.yaml"] = who.String()
	return files
}

// BenchmarkQuestions answers questions about a directory with 10,000 principals and 10,000 repositories.
func BenchmarkQuestions(b *testing.B) {
	dir := b.TempDir()
	directorytest.Write(b, dir, large(10_000))
	s, err := policystore.LoadDocuments(dir)
	if err != nil {
		b.Fatal(err)
	}
	d, err := access.New(s)
	if err != nil {
		b.Fatal(err)
	}
	r := s.RegistryNamed("main")
	b.Run("New", func(b *testing.B) {
		for b.Loop() {
			if _, err := access.New(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, q := range []struct {
		name, action, resource string
		grants                 int
	}{
		{"few", "ecr:BatchGetImage", prefix + "team-7/app-7", 101},
		{"all", "ecr:PutImage", prefix + "team-7/app-7", 10_001},
	} {
		b.Run("WhoCan/"+q.name, func(b *testing.B) {
			for b.Loop() {
				if n := len(d.WhoCan(r, q.action, q.resource).Grants); n != q.grants {
					b.Fatalf("%d grants", n)
				}
			}
		})
	}
	b.Run("WhatCan", func(b *testing.B) {
		for b.Loop() {
			if w, err := d.WhatCan(r, "arn:aws:iam::123456789012:user/user-7"); err != nil || len(w.Grants) < 10_000 {
				b.Fatal(len(w.Grants), err)
			}
		}
	})
}
