package authz

import (
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// denialDetail is the detail of a denial in the error body.
type denialDetail struct {
	Action   string `json:"action"`
	Resource string `json:"resource,omitempty"`
	Decision string `json:"decision,omitempty"` // implicitDeny or explicitDeny
}

// denial is the answer to a request that is not allowed, of which the client is
// told as much as the registry's operator wants. sentence is the whole reason.
//
// An anonymous caller is asked for a credential instead, which might be allowed
// what nobody in particular is not: some clients send theirs only when asked. Of
// a repository that is hidden even its challenge tells nothing, since which action
// is denied, and by which policy, says whether there is one.
func (p *pass) denial(m *mapping.Mapping, sentence string) Answer {
	hidden := p.registry.HideExistence && m.Repository != "" && !p.mayRead(m.Repository)
	switch {
	case hidden && p.isAnonymous():
		return p.challenge("", false)
	case hidden:
		return unknownRepository(m.Repository)
	case p.isAnonymous():
		return p.challenge(p.told(sentence), false)
	}
	e := errorEntry{Code: "DENIED", Message: p.told(sentence)}
	denied := p.result.last()
	switch p.registry.Detail {
	case policystore.FullDetail:
		e.Detail = denialDetail{denied.Action, denied.Resource, denied.Decision.String()}
	case policystore.ActionDetail:
		e.Detail = denialDetail{Action: denied.Action}
	default:
		e.Message = "requested access to the resource is denied"
	}
	return errorAnswer(403, e)
}

// told is what the client may know of the last denial, "" for nothing.
func (p *pass) told(sentence string) string {
	switch p.registry.Detail {
	case policystore.FullDetail:
		return sentence
	case policystore.ActionDetail:
		return "not authorized to perform: " + p.result.last().Action
	case policystore.NoDetail:
	}
	return ""
}

// toldOf is what the client may know of a credential that does not hold, "" for
// nothing.
func (p *pass) toldOf(failure *identity.Failure) string {
	if p.registry.Detail == policystore.FullDetail {
		return failure.Reason
	}
	return ""
}

// mayRead tells whether the caller may log in, where that is asked, and read
// images of the repository, or the very image that the request is about.
func (p *pass) mayRead(repository string) bool {
	if !p.registry.AuthorizationTokenOnlyAtLogin && p.logsIn() && !p.may(login()) {
		return false
	}
	return p.may(mapping.Permission{Action: mapping.BatchGetImage, Resource: p.registry.RepositoryARN(repository)})
}

// may tells whether the caller has a permission in the context of the last one
// decided.
func (p *pass) may(wanted mapping.Permission) bool {
	asked := Permission{Action: wanted.Action, Resource: wanted.Resource, context: p.result.last().context}
	return p.ask(asked) == iam.Allowed
}

// unknownRepository is the answer of a registry that does not have the
// repository. It carries no reason beside: a registry does not give one.
func unknownRepository(name string) Answer {
	return plainErrorAnswer(404, errorEntry{
		Code: "NAME_UNKNOWN", Message: "repository name not known to registry", Detail: map[string]string{"name": name},
	})
}
