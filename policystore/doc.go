// Package policystore turns a policy directory into the snapshot that decides,
// and keeps it up to date.
//
// Everything that decides is in the directory: which host is which registry,
// who is who, and every policy.
//
//	registries.yaml      the registries: account, region, host names, options
//	principals.yaml      verified credentials → principals, the issuers whose tokens count,
//	                     and what is attached to users, groups and roles
//	htpasswd             the Basic users and their bcrypt hashes
//	organization.yaml    the organization that accounts are members of, if any
//	organization/scp/ID/NAME.json, organization/rcp/ID/NAME.json
//	                     its control policies, by the root, unit or account that they
//	                     are attached to
//	organization/organization.json
//	                     the output of aws organizations describe-organization
//	managed/NAME.json    managed policies, attached by name or ARN: as identity
//	                     policies, as permissions boundaries and as session policies
//	trust/NAME.json      trust policies of roles, attached by name
//	jwks/NAME.json       the keys of issuers that are not fetched from a URL
//	ca/NAME.pem          the authorities that vouch for the servers of others
//	accounts/ACCOUNT/authorization-details.json
//	                     the output of aws iam get-account-authorization-details
//	accounts/ACCOUNT/REGION/registry-policy.json
//	                     the registry's policy
//	accounts/ACCOUNT/REGION/repositories.json
//	                     the inventory: the output of aws ecr describe-repositories
//	accounts/ACCOUNT/REGION/repositories/NAME/_policy.json
//	                     the repository policy of NAME, which may hold slashes
//	accounts/ACCOUNT/REGION/repositories/NAME/_tags.json
//	                     the repository's tags
//	tests/NAME.yaml      policy tests, which decide nothing and are not read here
//
// The outputs of AWS's commands are taken as they are: members that decide nothing
// are passed over, what is cut short is refused, and what an output says of its
// place must agree with it. The policies of registries and repositories are
// documents, or the outputs of aws ecr get-registry-policy and
// get-repository-policy; tags are an object, or the output of aws ecr
// list-tags-for-resource. In our own files an unknown key is an error.
//
// An account's output gives its users and roles, with all that is attached to them,
// and its managed policies by ARN, also to principals.yaml. Nothing may be missing
// that is attached, whatever is in managed/, and no user, role or group may be in both.
// Users of an output may be members of groups of principals.yaml too.
// Where the output has a policy of AWS, its text counts before the one known here.
//
// If there are control policies and organization.yaml, each account of the directory
// is in its accounts or in its list outside. Each account has the policies of its
// root, of the units on its path, and its own. A folder of control policies whose
// name is not an id of AWS Organizations is a level of one path that all accounts
// have; both kinds of names together are an error.
//
// Places in a document that stands as an object in an output are those of the file.
// In one that stands as a string they count from the string's beginning, and the
// source of the document is file, line and column of the string:
// "…/_policy.json:4:19: in policyText".
//
// Where there is an inventory, a push to a repository that it does not list asks
// for ecr:CreateRepository too, and the policy of such a repository is an error:
// on AWS there can be none, and the name may be the misspelt one of a repository
// that a Deny was meant for. An inventory whose list is empty is one: every
// repository is missing. Without an inventory every repository exists, or, with
// the registry's assumeMissing, is taken for missing whatever policies it has;
// assumeMissing beside an inventory is an error.
//
// Names with a leading dot are skipped, and so are LICENSE and Markdown files; any
// other file is an error, since a misspelt name could be a Deny that is not in force. Where a file name cannot
// hold a slash (the keys of a ConfigMap), ".." stands for it:
// "managed..developers.json".
//
// A [Snapshot] is compiled from the whole directory or not at all, and is
// immutable. Its digest is a SHA-256 over the names and contents of all files,
// so that two machines with the same digest decide alike. A [Store] holds the
// last good snapshot behind an atomic pointer: an error anywhere keeps it, and
// content that did not change makes no new one. What issuers publish at a URL is
// no part of the directory and of the digest: it is fetched in the background, so
// that loading needs no network, and kept from one snapshot to the next.
//
// A reload costs little more than what changed: what the other texts were compiled
// into is taken from the content before, by comparing every byte. After an event,
// files and directories that the file system says are the same still are not even
// read; the poll and [Store.Reload] read everything, so that what a file system does
// not tell is found then at the latest.
package policystore
