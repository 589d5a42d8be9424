package formats

import (
	"fmt"

	"extauthz/iam"
)

// account returns an account with the users and roles that policies name, groups, and policies of
// which only some are attached.
func (g *generator) account(id string) *Account {
	a := &Account{ID: id}
	for i := range 3 + g.IntN(3) {
		a.Policies = append(a.Policies, g.managed(id, pick(g, []string{"/", "/", "/teams/", "/teams/a/"}), fmt.Sprintf("policy-%d", i), iam.IdentityPolicy))
	}
	a.Policies = append(a.Policies, g.managed(id, "/limits/", "boundary", iam.PermissionsBoundary), g.managed(id, "/", "session", iam.SessionPolicy))
	a.Policies = append(a.Policies, g.managed("aws", "/", "AmazonEC2ContainerRegistryReadOnly", iam.IdentityPolicy), g.managed("aws", "/service-role/", "Reader", iam.IdentityPolicy))
	unused := g.managed(id, "/", "unused", iam.IdentityPolicy)
	unused.Versions = []Document{g.wrong()}
	unused.Default = 0
	for _, name := range []string{"developers", "Auditors", "empty"} {
		a.Groups = append(a.Groups, g.entity(a, "Group", pick(g, []string{"/", "/groups/"}), name))
	}
	for _, name := range []string{"alice", "bob"} {
		path := map[string]string{"alice": "/", "bob": "/team/"}[name]
		a.Users = append(a.Users, g.entity(a, "User", path, name))
	}
	for _, name := range []string{"ci", "admin"} {
		path := pick(g, []string{"/", "/path/to/", "/aws-service-role/x.amazonaws.com/"})
		a.Roles = append(a.Roles, g.entity(a, "Role", path, name))
	}
	a.Policies = append(a.Policies, unused)
	g.Shuffle(len(a.Policies), func(i, j int) { a.Policies[i], a.Policies[j] = a.Policies[j], a.Policies[i] })
	return a
}

// managed returns a policy of up to five versions, of which only one applies.
func (g *generator) managed(account, path, name string, kind iam.Kind) *Managed {
	m := &Managed{Account: account, Path: path, Name: name}
	for range 1 + g.IntN(5) {
		m.Versions = append(m.Versions, g.wrong())
	}
	m.Default = g.IntN(len(m.Versions))
	m.Versions[m.Default] = g.document(kind)
	return m
}

// entity returns a user, group or role with some managed and some inline policies.
func (g *generator) entity(a *Account, kind, path, name string) *Entity {
	e := &Entity{Kind: kind, Account: a.ID, Path: path, Name: name}
	e.ID = map[string]string{"User": "AIDA", "Group": "AGPA", "Role": "AROA"}[kind] + a.ID + fmt.Sprintf("%04X", g.IntN(1<<16)) + map[bool]string{true: "A", false: "B"}[name < "b"]
	e.Attached = some(g, a.Policies, 3)
	for g.chance(2) {
		e.Inline = append(e.Inline, g.document(iam.IdentityPolicy))
	}
	if kind == "Group" {
		return e
	}
	e.Tags = g.tags()
	if g.chance(3) {
		e.Boundary = pick(g, a.Policies)
	}
	if kind == "User" {
		e.Groups = some(g, a.Groups, 2)
		return e
	}
	trust := g.named(iam.TrustPolicy, `{"Version":"2012-10-17","Statement":[{"Sid":"%s","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+a.ID+`:user/alice"},"Action":"sts:AssumeRole"}]}`)
	e.Trust = &trust
	return e
}

// tags returns some tags that policies require, and others.
func (g *generator) tags() (tags []Tag) {
	for _, key := range some(g, []string{"team", "empty", "stage", "bytes", "aws:cloudformation:stack-name"}, 2) {
		value := pick(g, []string{"team", "team", "alice", "app", "Team", "é", "x:y", "a b", ""})
		if key == "empty" {
			value = ""
		}
		tags = append(tags, Tag{key, value})
	}
	return tags
}

// callers adds all users and roots, sessions of all roles, federated users, services and an
// anonymous caller. Sessions exist with and without session policies.
func (g *generator) callers() {
	for i, a := range g.w.Accounts {
		g.caller(iam.Principal{Kind: iam.RootUser, ARN: "arn:aws:iam::" + a.ID + ":root", Account: a.ID}, nil)
		for _, user := range a.Users {
			g.caller(iam.Principal{Kind: iam.User, ARN: user.ARN(), Account: a.ID}, user)
			g.sessions(iam.Principal{Kind: iam.FederatedUser, ARN: "arn:aws:sts::" + a.ID + ":federated-user/" + user.Name, Account: a.ID, UserARN: user.ARN()}, user)
		}
		for _, role := range a.Roles {
			session := pick(g, []string{"build", "other"})
			g.sessions(iam.Principal{Kind: iam.AssumedRole, ARN: "arn:aws:sts::" + a.ID + ":assumed-role/" + role.Name + "/" + session, Account: a.ID, RoleARN: role.ARN()}, role)
		}
		g.caller(iam.Principal{Kind: iam.Service, ARN: []string{"replication.ecr.amazonaws.com", "ecs.amazonaws.com"}[i]}, nil)
	}
	g.caller(iam.Principal{Kind: iam.Anonymous}, nil).Credential = ""
}

func (g *generator) caller(p iam.Principal, e *Entity) *Caller {
	c := &Caller{Credential: fmt.Sprintf("caller-%d", len(g.w.Callers)), Principal: p, Entity: e}
	g.w.Callers = append(g.w.Callers, c)
	return c
}

// sessions adds two sessions, one with session policies.
func (g *generator) sessions(p iam.Principal, e *Entity) {
	g.caller(p, e)
	limited := g.caller(p, e)
	if g.chance(3) {
		limited.Tags = []Tag{{"team", pick(g, []string{"team", "alice"})}}
	}
	for _, a := range g.w.Accounts {
		if a.ID == p.Account {
			limited.Session = append(limited.Session, pick(g, a.Policies))
			limited.Session = append(limited.Session, some(g, a.Policies, 8)...)
		}
	}
}
