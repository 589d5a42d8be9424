package lint

import (
	"cmp"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/policystore"
)

// addCompiled adds what was found when the directory was compiled, but for what is
// in statements that have no part in ECR. A placeholder that looks like a policy
// variable is told once, as what it is.
func (l *linter) addCompiled(compiled []iam.Finding) {
	foreign := l.foreignFindings()
	for _, f := range compiled {
		if f.Code == "literal-variable" && l.placeholderAt[policystore.Place{Source: f.Source, Position: f.Position}] || foreign[f] {
			continue
		}
		l.report(f.Source, f.Position, f.Code, "%s", f.Message)
	}
}

// foreignFindings are those of compiled policies that are about other services.
func (l *linter) foreignFindings() map[iam.Finding]bool {
	foreign := map[iam.Finding]bool{}
	for _, policy := range l.contents.Policies {
		for _, f := range policy.Findings() {
			if !l.concerns(policy, f.Position) {
				foreign[f] = true
			}
		}
	}
	return foreign
}

// concerns tells whether a place of a policy has a part in ECR: the statement there
// or, where there is none, any statement.
func (l *linter) concerns(policy *iam.Policy, at iam.Position) bool {
	if policy.Kind == iam.TrustPolicy {
		return l.judged(policy)
	}
	d := l.documentOf(policy)
	there := slices.IndexFunc(d.statements, func(s statement) bool {
		return !before(at, s.Statement.Start) && !before(s.Statement.End, at)
	})
	if there >= 0 {
		return d.statements[there].speaksOfECR()
	}
	return slices.ContainsFunc(d.statements, func(s statement) bool { return s.speaksOfECR() })
}

func before(a, b iam.Position) bool {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) < 0
}

// speaksOfECR tells whether the statement covers an action of ECR, or was meant to:
// a misspelt one covers nothing.
func (s *statement) speaksOfECR() bool {
	return s.covered != 0 || slices.ContainsFunc(s.Actions, func(w iam.Word) bool {
		service, name, _ := strings.Cut(w.Text, ":")
		return strings.EqualFold(service, "ecr") || meansECR(service, name)
	})
}
