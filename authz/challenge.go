package authz

import (
	"extauthz/identity"
	"extauthz/mapping"
)

// unauthenticated asks for a credential because of the failure.
func (p *pass) unauthenticated(f *identity.Failure) {
	badToken := f.Kind == identity.Invalid && (f.Source == identity.Bearer.String() || f.Source == identity.JWTAuthn.String())
	p.result.Decision, p.result.Reason = Unauthenticated, f.Full()
	p.result.Answer = p.challenge(p.toldOf(f), badToken)
}

// challenge is the answer that asks for a credential. told is what the client may
// know of the reason, "" for nothing; badToken says that it has sent a token
// that does not hold.
func (p *pass) challenge(told string, badToken bool) Answer {
	message := "authentication required"
	if told != "" {
		message += ": " + told
	}
	return errorAnswer(401, errorEntry{Code: "UNAUTHORIZED", Message: message},
		mapping.Header{Name: "www-authenticate", Value: p.wanted(badToken)})
}

// wanted is the challenge of the registry: for a Basic credential (RFC 7617) or
// for a token (RFC 6750, section 3; Distribution, "Token Authentication"). All
// text in it but the repository's name is configuration, and names fit between
// quotes.
func (p *pass) wanted(badToken bool) string {
	c := &p.registry.Challenge
	if !c.Bearer() {
		return `Basic realm="` + c.Realm + `", charset="UTF-8"`
	}
	text := `Bearer realm="` + c.Realm + `",service="` + c.Service + `"`
	if scope := p.scope(); scope != "" {
		text += `,scope="` + scope + `"`
	}
	if badToken {
		text += `,error="invalid_token"`
	}
	return text
}

// scope is what a token has to be good for, "" where the request is about no
// repository.
func (p *pass) scope() string {
	m, refusal := p.registry.Map(&mapping.Request{Method: p.request.Method, Path: p.request.Path, Header: p.request.Headers})
	if refusal != nil || m.Repository == "" {
		return ""
	}
	scope := "repository:" + m.Repository + ":" + scopeActions(m.Operation)
	for _, permission := range m.Permissions {
		if permission.Optional { // the source of a mount: once, however much is asked of it
			return scope + " repository:" + permission.Repository + ":pull"
		}
	}
	return scope
}

// scopeActions are the actions of an operation on a repository, in the words of
// token services.
func scopeActions(o mapping.Operation) string {
	switch o {
	case mapping.HeadBlob, mapping.GetBlob, mapping.HeadManifest, mapping.GetManifest, mapping.ListTags, mapping.ListReferrers:
		return "pull"
	case mapping.DeleteManifest, mapping.DeleteBlob:
		return "delete"
	case mapping.StartUpload, mapping.MonolithicUpload, mapping.MountBlob, mapping.UploadChunk, mapping.CompleteUpload,
		mapping.UploadStatus, mapping.CancelUpload, mapping.PutManifest:
	case mapping.Unsupported, mapping.CheckAPI, mapping.Catalog: // they name no repository
	}
	return "pull,push"
}
