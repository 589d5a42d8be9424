// Package policytest runs the policy tests of a policy directory: who asks for
// what, and what is to become of it. It decides offline, as the running sidecar
// would: nothing depends on the network, and on the clock only what a test leaves
// to it.
//
// Tests are in DIR/tests/NAME.yaml, which no snapshot holds, in strict YAML:
//
//	tests:
//	- name: bob pulls what is his team's        unique in the file
//	  principal: arn:aws:iam::123456789012:user/bob
//	  request: GET /v2/team/app/manifests/v1
//	  expect: allowed
//	- name: but pushes nothing
//	  credential: { basic: bob }
//	  request: PUT /v2/team/app/manifests/v1
//	  headers: { User-Agent: crane }
//	  sourceIp: 192.0.2.7
//	  expect: implicitDeny
//	  denied: ecr:PutImage
//
// # Who asks
//
// One of principal, the ARN of a user, a role session or a root user, or the name
// of a service; anonymous: true, who shows no credential; and credential, which is
// taken as verified and goes the way of a real one from there. A credential is one
// of
//
//	basic: NAME                a user of htpasswd who gives the right password
//	uri, dns or subject: NAME  who has a client certificate of that name
//	header: VALUE              whom the registry's trusted proxy names so
//	token: ISSUER              who shows a token of the issuer that principals.yaml
//	                           calls so, with claims; with user, as the password of
//	                           the user AWS or ACCOUNT/ROLE
//
// The session of a role that is only named has the role's tags, and over them the
// session tags in tags; a credential brings its own. A service that is only named calls
// for the resource in sourceArn, of the account in sourceAccount, if they are given.
//
// A token's iss, aud, iat and exp are filled in where claims lack them: the token
// was made for the registry just now.
//
// # What is asked
//
// Either request, a method and a path with its query, or action and resource, an
// action of ECR and, unless it takes none, the ARN of a repository. headers,
// sourceIp, time (RFC 3339; now unless given) and tls are what the request brings;
// registry names the registry where the directory has several.
//
// # What is expected
//
// expect is allowed, implicitDeny, explicitDeny, unauthenticated (401) or refused
// (a request that cannot be judged). denied is the action that is not allowed. sid
// is the Sid of a statement that decides: one that denies, or one that allows, of a
// request any of its actions.
//
// What cannot be asked, such as a principal that is not there, fails its test and
// no other; an action that ECR does not have is a mistake in the file, and no test
// runs.
package policytest
