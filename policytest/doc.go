// Package policytest runs the policy tests of a policy directory: requests of callers,
// and the answers that they must get. It evaluates them offline, as the running sidecar
// would. Results do not depend on the network, and on the clock only if a test has no
// time.
//
// Tests are in DIR/tests/NAME.yaml, which are not part of a snapshot:
//
//	tests:
//	- name: bob pulls the images of his team    unique in the file
//	  principal: arn:aws:iam::123456789012:user/bob
//	  request: GET /v2/team/app/manifests/v1
//	  expect: allowed
//	- name: bob does not push
//	  credential: { basic: bob }
//	  request: PUT /v2/team/app/manifests/v1
//	  headers: { User-Agent: crane }
//	  sourceIp: 192.0.2.7
//	  expect: implicitDeny
//	  denied: ecr:PutImage
//
// # Callers
//
// A test has a principal, which needs no credential; or a credential, which counts as
// verified; or anonymous: true for a request without a credential. A credential is one of
//
//	basic: NAME                a user of htpasswd who gives the right password
//	uri, dns or subject: NAME  the holder of a client certificate with that name
//	header: VALUE              the header that the registry's trusted proxy sets
//	token: ISSUER              the holder of a token of the issuer with that name in
//	                           principals.yaml, with claims; with user, the token is the
//	                           password of the user AWS or ACCOUNT/ROLE
//
// A token has default claims iss, aud, iat and exp, as if it was issued for the registry
// at the time of the request. A role session as principal has the tags of its role, which
// tags overrides. A service as principal calls on behalf of sourceArn and sourceAccount.
//
// # Requests
//
// A test has either request, a method and a path with its query, or action and resource:
// an action of ECR and, unless the action has no resource, the ARN of a repository.
// headers, sourceIp, time (RFC 3339) and tls describe the client's request. registry
// names the registry if the directory has several.
//
// # Expectations
//
// expect is allowed, implicitDeny, explicitDeny, unauthenticated (401) or refused (an
// invalid request). denied is the action that is denied. sid is the Sid of a matched
// statement: one that denies, or one that allows any action of a request.
//
// A test that cannot be run, for example because its principal does not exist, fails. An
// action that ECR does not have is a fault of the file, and no test runs.
package policytest
