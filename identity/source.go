package identity

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/identity/nametemplate"
)

// A Source is a way to authenticate callers. Its value is its name in registries.yaml
// and in the log. The zero Source authenticates no caller.
type Source string

// A NameKind is a kind of name in a credential. Its value is its key in
// principals.yaml and in policy tests. The zero NameKind is not valid.
type NameKind string

// sources lists the identity sources, each of which has a file of its own. Registries
// that list no sources try the default ones in this order.
func sources() []source {
	return []source{mtlsSource(), sessionSource(), jwtAuthnSource(), bearerSource(), basicSource(), headerSource(), accessKeySource()}
}

// A source defines a Source.
type source struct {
	name  Source
	kinds []nameKind // of the names in its credentials

	// authenticate returns the caller, or the reason why the credential is refused. It
	// returns neither if the request has no credential of this source.
	authenticate func(attempt) (*Caller, *Failure)
	// isDefault reports whether registries that list no sources try this one; nil
	// means that they do not.
	isDefault func(*Authenticator) bool
	// isUsable reports whether the bindings and issuers could authenticate any caller.
	isUsable func(*Authenticator) bool
	// missing names what principals.yaml lacks if the source is not usable.
	missing string

	takesTokens bool   // its credentials can be tokens, which are made for an audience
	isBearer    bool   // its credentials are Bearer tokens (RFC 6750)
	notVerified string // what an offline check cannot verify and takes as true; "" for nothing
}

// A nameKind defines a NameKind.
type nameKind struct {
	name   NameKind
	source Source // which finds credentials with such a name; "" if several do

	// bind adds a binding of this kind.
	bind func(*Authenticator, *Binding) error
	// compile compiles and checks the pattern of a binding; nil if names of this kind
	// have no pattern. With an error it returns the pattern if that is known.
	compile func(*Authenticator, string) (*nametemplate.Pattern, error)
	// offline authenticates the caller that a description of a credential is about. The
	// error is a *Failure if the credential is refused.
	offline func(attempt, *OfflineCredential) (*Caller, error)
}

// A name is a name in a credential.
type name struct {
	kind NameKind
	text string
}

// ParseSource returns the source of that name.
func ParseSource(text string) (Source, error) {
	all := sources()
	if i := slices.IndexFunc(all, func(s source) bool { return string(s.name) == text }); i >= 0 {
		return all[i].name, nil
	}
	return "", diag.Problemf("%q is not an identity source", text).WithRemedy("write one of " + alternatives(names(all)))
}

// definition returns the definition of s; the zero definition if s does not exist.
func (s Source) definition() source {
	for _, d := range sources() {
		if d.name == s {
			return d
		}
	}
	return source{}
}

// TakesTokens reports whether the credentials of the source can be tokens, which are
// made for an audience.
func (s Source) TakesTokens() bool { return s.definition().takesTokens }

// NotVerified says what an offline check takes as true about a credential of the
// source; "" for nothing.
func (s Source) NotVerified() string { return s.definition().notVerified }

// NameKinds returns the kinds of names that bindings can have.
func NameKinds() (kinds []NameKind) {
	for _, s := range sources() {
		for _, k := range s.kinds {
			kinds = append(kinds, k.name)
		}
	}
	return kinds
}

// NameKindList returns "a, b or c" for the kinds of names that bindings can have.
func NameKindList() string { return alternatives(NameKinds()) }

func (auth *Authenticator) source(name Source) *source {
	for i := range auth.sources {
		if auth.sources[i].name == name {
			return &auth.sources[i]
		}
	}
	return nil
}

// kind returns the definition of a kind of name, nil if it does not exist.
func (auth *Authenticator) kind(name NameKind) *nameKind {
	for i := range auth.sources {
		for j := range auth.sources[i].kinds {
			if k := &auth.sources[i].kinds[j]; k.name == name {
				return k
			}
		}
	}
	return nil
}

// setDefaults lists the sources of registries that list none.
func (auth *Authenticator) setDefaults() {
	auth.defaults = nil
	for i := range auth.sources {
		if s := &auth.sources[i]; s.isDefault != nil && s.isDefault(auth) {
			auth.defaults = append(auth.defaults, s.name)
		}
	}
}

// sourcesOf returns the sources that a registry tries, in order.
func (auth *Authenticator) sourcesOf(config *Config) []Source {
	if len(config.Sources) == 0 {
		return auth.defaults
	}
	return config.Sources
}

// Accepts reports whether a registry with that configuration tries the source.
func (auth *Authenticator) Accepts(config *Config, name Source) bool {
	return slices.Contains(auth.sourcesOf(config), name)
}

// Missing returns what principals.yaml lacks for the source to authenticate any
// caller; "" if it lacks nothing.
func (auth *Authenticator) Missing(name Source) string {
	if s := auth.source(name); s != nil && !s.isUsable(auth) {
		return s.missing
	}
	return ""
}

func always(*Authenticator) bool { return true }

// binds reports whether a binding has a name of one of the kinds.
func (auth *Authenticator) binds(kinds ...NameKind) bool {
	return slices.ContainsFunc(kinds, func(k NameKind) bool { return auth.bindings[k] > 0 })
}

func names(all []source) (names []Source) {
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}

// alternatives returns "a, b or c".
func alternatives[S ~string](names []S) string {
	last := len(names) - 1
	return joinNames(names[:last], ", ") + " or " + string(names[last])
}

func joinNames[S ~string](names []S, separator string) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, separator)
}
