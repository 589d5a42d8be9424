// Package simulate answers evaluations about policies and requests offline, without
// a running sidecar: what would be decided, and why; and what a request asks.
//
// A [Simulator] reads the input of AWS's SimulateCustomPolicy and gives its
// output; an [DirectoryInput] puts the same kind of evaluation to a policy directory, in
// the context that the running sidecar would derive. Both come to a list of
// [Evaluation], which [Simulate] turns into AWS's JSON and [Explain] into text for
// a person. [MapJSON] and [MapLines] need no policies: they say what registry
// requests ask of a registry, as [mapping.Registry] maps them. A [Whoami] says
// who calls: with a [Credential], or with a request as Envoy asks about it.
//
// # The input of a simulation
//
// It is an object with the request parameters of SimulateCustomPolicy (IAM API
// Reference): ActionNames, PolicyInputList, PermissionsBoundaryPolicyInputList
// (at most one, as for AWS), OrderedOrganizationPolicyInputList (an object with
// ServiceControlPolicyInputList for each level, root first; each level must allow),
// ResourceArns, ResourcePolicy, ResourceOwner, CallerArn and ContextEntries.
// Further fields are SessionPolicyInputList, a list of policies;
// ServiceControlPolicyInputList, the levels as lists of policies, in place of
// OrderedOrganizationPolicyInputList; ResourceControlPolicyInputList, likewise a
// list of policies for each level; RegistryPolicy, one policy or a
// list of one; and Id, any value, which the output repeats. MaxItems, Marker and
// ResourceHandlingOption change nothing: the output is never cut. Policies are
// strings, as in AWS's input. Only ActionNames is required. What is unknown,
// repeated or of a wrong type is refused, and so are actions with wildcards and
// resources that are neither ARNs nor "*".
//
// CallerArn is a user, a root user, a role session or a federated-user session;
// the name of an AWS service; or "" for an anonymous caller. Without the field
// the caller is an unnamed principal of the account that owns the resource, with
// the given policies attached: no policy can name it except by that account or by
// "*", and a NotPrincipal does not list it by its account alone. (Where no account
// is known it is of account 000000000000.) A root user has full access to its own
// account, whatever PolicyInputList says.
//
// ResourceOwner is an account id or its root ARN and counts before the account
// in the resource's ARN; without either, the owner is the caller's account. The
// account "aws", as in the ARNs of AWS's managed policies, counts as none.
//
// ContextEntries are the whole context: no key is derived from the caller and no
// clock is read. A value must be of the entry's type, and binary values are
// base64. The types that end in List make the key multivalued, whatever the
// number of values; the others take exactly one. A key given twice is refused.
// Where the caller is a role session and aws:PrincipalArn names its role, the
// path of the role is known from there, so that a service-linked role is
// recognised.
//
// # The output of a simulation
//
// There is one result for each action and, within it, each resource, in the
// order of the input, with AWS's names and the spelling that its simulator has
// been seen to print.
//
//   - MatchedStatements holds the statements that determine the decision: those
//     that allow, those that deny, and none for an implicit deny. A policy's id
//     is its place in the input, such as PolicyInputList.1 or
//     ServiceControlPolicyInputList.2.1 (level and place) or
//     OrderedOrganizationPolicyInputList.2.ServiceControlPolicyInputList.1; for a directory it is
//     its file. The types are "IAM Policy", "Permissions Boundary Policy" and
//     "Resource Policy", as AWS prints, and by analogy "Session Policy", "Service
//     Control Policy" and "Resource Control Policy".
//   - StartPosition is the statement's opening brace and EndPosition the place
//     behind its closing one; lines and columns count from 1. (AWS counts a
//     statement that is not the first from the end of the one before it.)
//   - MissingContextValues names the keys that statements about the action,
//     resource and caller mention and the context lacks. Like MatchedStatements
//     it is there for the result and repeated in ResourceSpecificResults.
//   - PermissionsBoundaryDecisionDetail is there where a boundary is given, and
//     OrganizationsDecisionDetail where service or resource control policies are.
//     They say what these policies decide by themselves; policies that do not
//     bind the caller allow.
//   - EvalDecisionDetails is absent where the resource is "*" or where service
//     control policies refuse; across accounts it says what each type of policy
//     decides by itself; otherwise it is empty.
//   - ResourceSpecificResults has the one resource of the result, unless that is
//     "*".
package simulate
