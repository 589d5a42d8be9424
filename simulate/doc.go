// Package simulate evaluates requests offline, without a running sidecar, and explains
// the results.
//
// A [Simulator] reads the input of AWS's SimulateCustomPolicy. A [DirectoryInput]
// describes a request to a registry of a policy directory, and derives the request
// context that the running sidecar would derive. Both return a list of [Evaluation].
// [Simulate] renders it as AWS's JSON, and [Evaluation.Explain] as text. [MapJSON] and
// [MapLines] need no policies: they return the permissions that registry requests need,
// as [mapping.Settings] maps them. A [Whoami] describes the caller that a [WhoamiInput] or
// a request authenticates.
//
// # Input
//
// The README lists the fields. Only ActionNames is required. Unknown or repeated fields,
// values of a wrong type, actions with wildcards, and resources that are neither ARNs nor
// "*" are errors.
//
// Without CallerArn the caller is an unnamed principal of the account that owns the
// resource, with the given policies attached. Policies can match it only by that account
// or by "*", and a NotPrincipal with that account does not exclude it. If the account is
// unknown, it is 000000000000. A root user has full access to its own account, whatever
// PolicyInputList contains.
//
// The owner of a resource is the account in ResourceOwner, or otherwise the account in
// the resource's ARN, or otherwise the caller's account. The account "aws", as in the
// ARNs of AWS's managed policies, is ignored.
//
// ContextEntries are the whole context: no key is derived from the caller or the clock.
// Only aws:PrincipalArn has another effect: if the caller is a session of the role that
// it names, it sets the path of the role, by which a service-linked role is recognized.
//
// # Output
//
// The output has one result for each action and, within it, each resource, in the order
// of the input. Names and spelling are those of AWS's simulator.
//
//   - MatchedStatements are the statements that determine the decision. An implicit deny
//     has none. The ID of a policy is its place in the input, such as PolicyInputList.1
//     or ServiceControlPolicyInputList.2.1 (level and place), or its file in a directory.
//     AWS's simulator prints the types "IAM Policy", "Permissions Boundary Policy" and
//     "Resource Policy". This package adds "Session Policy", "Service Control Policy" and
//     "Resource Control Policy".
//   - StartPosition is the statement's opening brace, and EndPosition the place after its
//     closing brace. (AWS counts a statement that is not the first from the end of the
//     previous one.)
//   - MissingContextValues are keys that the context lacks and that statements about the
//     action, resource and caller contain.
//   - PermissionsBoundaryDecisionDetail and OrganizationsDecisionDetail contain the
//     decisions of these policies on their own, if the input has any. Policies that do
//     not apply to the caller allow.
//   - EvalDecisionDetails contains the decision of each type of policy if the caller is in
//     another account, and is otherwise empty. It is absent if the resource is "*" or if
//     service control policies deny.
//   - ResourceSpecificResults repeats the result for its resource, unless that is "*".
package simulate
