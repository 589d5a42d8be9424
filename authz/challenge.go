package authz

import (
	"extauthz/identity"
	"extauthz/mapping"
)

// unauthenticated asks for a credential because of the failure.
func (p *pass) unauthenticated(f *identity.Failure) {
	p.result.Decision, p.result.Reason = Unauthenticated, f.Full()
	p.result.Answer = p.challenge(p.toldOf(f), f.IsInvalidToken())
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

// scope returns the access that a token must grant, "" for a request that is not about a
// repository.
func (p *pass) scope() string {
	m, refusal := p.registry.Map(&p.request.Request)
	if refusal != nil {
		return ""
	}
	return m.TokenScope()
}
