package differential

import (
	"extauthz/iam"
)

// statement makes a statement that the document may have.
func (g *generator) statement(d Document) Statement {
	s := Statement{Effect: iam.Allow, Lone: g.chance(2)}
	if d.Kind == iam.ResourceControlPolicy || g.chance(6) {
		s.Effect = iam.Deny
	}
	g.actions(d, &s)
	g.resources(d, &s)
	if hasPrincipal(d.Kind) {
		s.Principal = g.principal()
		s.NotPrincipal = s.Effect == iam.Deny && g.chance(3)
		if s.NotPrincipal && g.chance(2) && g.k.hasIdentity() {
			s.Principal = &Principal{Entries: map[string][]string{"AWS": g.carried()}}
		}
	}
	if d.Kind == iam.ResourceControlPolicy {
		s.Principal, s.NotPrincipal = &Principal{Everyone: true}, false
	}
	// A Deny without conditions makes the rest of the question irrelevant.
	n := max(0, g.IntN(4)-1)
	if s.Effect == iam.Deny {
		n = 1 + g.IntN(2)
	}
	for range n {
		g.condition(d, &s)
	}
	return s
}

// actions generates actions that mostly cover the question's.
func (g *generator) actions(d Document, s *Statement) {
	s.NotAction = g.chance(6)
	switch {
	case d.Kind == iam.ResourceControlPolicy:
		s.NotAction, s.Actions = false, g.some(words("ecr:* ecr:Batch* ecr:BatchGetImage ecr:D* s3:*"))
	case s.NotAction:
		s.Actions = g.some(words("ecr:PutImage s3:* ecr:Get* ecr:Batch* *"))
	case g.chance(2):
		s.Actions = append(g.some(actionPatterns()), g.k.Action)
	default:
		s.Actions = g.some(actionPatterns())
	}
}

func hasPrincipal(k iam.Kind) bool {
	return k == iam.RepositoryPolicy || k == iam.RegistryPolicy || k == iam.ResourceControlPolicy
}

func (g *generator) resources(d Document, s *Statement) {
	if d.Kind == iam.RepositoryPolicy && !g.chance(3) {
		return
	}
	s.NotResource = g.chance(5)
	for len(s.Resources) == 0 || g.chance(4) {
		pattern := g.pick(plainPatterns())
		switch {
		case g.chance(4):
			pattern = g.pick(oddPatterns())
		case g.chance(12) && !hasPrincipal(d.Kind) && d.Kind != iam.ServiceControlPolicy:
			pattern = g.pick(shortPatterns())
		case s.NotResource:
			pattern = g.pick(words(`arn:aws:ecr:*:*:repository/app arn:aws:s3:::bucket/* arn:aws:ecr:us-east-1:*:repository/*
				arn:aws:ecr:*:*:repository/team/*`))
		}
		s.Resources = append(s.Resources, g.mostlyHere(pattern))
	}
}

// principal makes a Principal element of any form.
func (g *generator) principal() *Principal {
	if g.chance(7) {
		return &Principal{Everyone: true}
	}
	p := &Principal{Entries: map[string][]string{}}
	for len(p.Entries) == 0 || g.chance(8) {
		switch g.IntN(12) {
		default:
			p.Entries["AWS"] = g.identities()
		case 0, 1:
			p.Entries["Service"] = g.some(services())
		case 2:
			p.Entries["Federated"] = []string{g.here("arn:aws:iam::123456789012:saml-provider/idp")}
		case 3:
			p.Entries["CanonicalUser"] = []string{"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}
		}
	}
	return p
}

// identities returns entries of type AWS, sometimes one that matches the caller.
func (g *generator) identities() []string {
	var from vocabulary
	switch g.IntN(12) {
	case 0, 1:
		from = users()
	case 2, 3:
		from = roles()
	case 4:
		from = sessions()
	case 5:
		from = federatedUsers()
	case 6, 7:
		from = accounts()
	case 8:
		from = vocabulary{"*"}
	case 9:
		from = vocabulary{"AIDACKCEVSQ6C2EXAMPLE"}
	default:
		from = g.callerEntries()
	}
	entries := g.some(from)
	for i := range entries {
		entries[i] = g.mostlyHere(entries[i])
	}
	return entries
}

// carried returns the principals of the caller's request, sometimes without one of them.
func (g *generator) carried() []string {
	entries := g.callerEntries()
	if g.chance(3) {
		at := g.IntN(len(entries))
		entries = append(entries[:at:at], entries[at+1:]...)
	}
	return entries
}

// callerEntries returns the ways to name the caller.
func (g *generator) callerEntries() vocabulary {
	if !g.k.hasIdentity() {
		return vocabulary{"*"}
	}
	arn := g.k.Caller.ARN
	entries := vocabulary{arn, accountOf(arn)}
	switch g.k.Caller.Kind {
	case iam.AssumedRole:
		return append(entries, g.here("arn:aws:iam::"+accountOf(arn)+":role/ci"))
	case iam.FederatedUser:
		return append(entries, g.here("arn:aws:iam::"+accountOf(arn)+":user/alice"))
	}
	return entries
}
