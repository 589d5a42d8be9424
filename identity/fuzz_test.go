package identity

import (
	"encoding/json"
	"slices"
	"testing"
)

// unguessable is what a client without a valid credential does not have.
const unguessable = "6f1c1f0f5ab64ed2a1c7"

// guarded returns an authenticator in which each bound principal needs something
// unguessable: a password, a key, or a name that another party has verified.
func guarded(f *testing.F) *Authenticator {
	f.Helper()
	w := tokens(f)
	for i := range w.issuers {
		w.issuers[i].Claims = map[string]string{"secret": unguessable}
	}
	w.bindings = append(w.bindings,
		Binding{Kind: URI, Name: "spiffe://" + unguessable + "/{name}", Principal: assumedRole + "ci/{name}"},
		Binding{Kind: DNS, Name: unguessable, Principal: aliceARN},
		Binding{Kind: Subject, Name: "CN=" + unguessable, Principal: aliceARN},
		Binding{Kind: HeaderValue, Name: "{name}@" + unguessable, Principal: "arn:aws:iam::123456789012:user/dev/{name}"})
	return w.build(f)
}

// FuzzAuthenticate checks that a request without a verified credential has no caller,
// whatever the configuration and the rest of the request, and that nothing panics.
func FuzzAuthenticate(f *testing.F) {
	auth := guarded(f)
	thief := signerAt("https://thief.example.com")
	forged := func(changes claims) string { return bearer(thief.token(f, changes))[0] }
	leaf := certificate(f, certificateNames{uris: []string{"spiffe://a/b"}, dns: []string{"a.example.com"}})
	for i, authorization := range []string{
		"", basicHeader("alice", "wrong")[0], basicHeader("alice", "")[0], basicHeader("carol", "alice-secret")[0], "Basic " + encode("alice"), "Basic x,Bearer y",
		forged(nil), forged(claims{"iss": gitlabURL}), forged(claims{"iss": gitlabURL, "secret": "guess"}), forged(claims{"iss": "https://bound.example.com", "sub": "alice"}),
		basicHeader("AWS", thief.token(f, claims{"iss": gitlabURL}))[0], basicHeader("123456789012/deploy", thief.token(f, claims{"iss": gitlabURL}))[0], "Bearer a.b.c", "Bearer ..",
	} {
		f.Add(authorization, "spiffe://a/b", leaf, "alice@example.com", []byte(`{"ci":{"iss":"`+gitlabURL+`"}}`), uint8(i))
		f.Add(authorization, "", "", "", []byte(nil), uint8(i))
	}
	f.Fuzz(func(t *testing.T, authorization, principal, certificate, header string, metadata []byte, choice uint8) {
		r := config()
		r.Header, r.PrincipalKind = "x-user", NameKind(choice%8)
		all := []Source{MTLS, JWTAuthn, Bearer, BasicAuth, TrustedHeader}
		r.Sources = slices.Concat(all[choice%5:], all[:choice%5])[:choice%6]
		e := Credentials{Principal: principal, Certificate: []byte(certificate), Time: now}
		if authorization != "" {
			e.Authorization = append(e.Authorization, authorization)
		}
		if header != "" {
			e.HeaderValues = append(e.HeaderValues, header)
		}
		if choice&0x80 != 0 {
			e.Authorization = append(e.Authorization, authorization)
		}
		json.Unmarshal(metadata, &e.Metadata) // ignores what is not an object
		if caller, _ := authenticate(t, auth, r, e); caller != nil {
			t.Errorf("%+v is %+v", e, caller)
		}
	})
}
