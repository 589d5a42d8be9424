// Package policystore compiles a policy directory into the snapshot that decides
// requests, and keeps it up to date. README.md describes the directory.
//
// A [Snapshot] is immutable and is compiled from a whole directory or not at all. Its
// digest is a SHA-256 of the names and contents of all files, so that two machines with
// the same digest make the same decisions. A [Store] keeps the last good snapshot behind
// an atomic pointer: content with a fault does not replace it, and content with the same
// digest does not create a new one. Keys that issuers publish at a URL are not part of the
// directory. They are fetched in the background, so that loading needs no network, and are
// kept from one snapshot to the next.
//
// # Faults
//
// Loading goes on after a fault in a file, an entry or a policy. Its error consists of all
// faults, in the order of files and lines, up to [diag.MaxFaults]; [diag.Of] returns them.
// What depends on a fault is not checked:
//
//   - the content of a file that is not text, or is not valid YAML or JSON;
//   - a value that cannot be decoded or whose key is misspelled, and a credential whose
//     name, claims or principal are such values;
//   - references to what may be missing because of a fault: a user or role without a valid
//     ARN, or one in an output with a fault, and a policy with a fault;
//   - repositories of a registry with a fault, and accounts if organization.yaml has one.
//
// A load that needs more memory than allowed ends at once, with an error of its own. Faults
// of reading the directory are reported without those of its contents.
//
// Anything ambiguous is a fault. A file with an unexpected name may be a Deny with a
// misspelled one. An output of the AWS CLI must be complete and agree with
// the path of its file, and a policy that depends on facts that AWS always knows, such as
// the tags of repositories, requires them in the directory. Unknown members of AWS's
// outputs are skipped unless they may limit access; unknown keys of our own files are
// faults.
//
// # Outputs and our own files
//
// Package config reads the YAML files, package awsexport reads the outputs of the AWS CLI,
// and this package compiles them together, in passes. Each pass has complete inputs and
// returns a value that does not change later; compiler.snapshot and compiler.loadBase list them
// in order.
//
//   - An account's output contains its users, roles, groups and managed policies. Whatever
//     is attached in it must be in it. A user, role or group is either there or in
//     principals.yaml, and users of an output may be members of groups of principals.yaml.
//     The output's version of a policy of AWS takes precedence over the built-in one.
//   - With an inventory, pushing to a repository that it does not list also requires
//     ecr:CreateRepository, and the policy of such a repository is a fault. Without one,
//     every repository exists, or none with assumeMissing.
//   - With control policies and organization.yaml, each account of the directory must be a
//     member or listed as outside. An account has the policies of its root, of the units on
//     its path, and its own. Folders of control policies without an id of AWS Organizations
//     are levels that apply to all accounts.
//
// # Reloading
//
// A reload costs little more than what changed. The content is compiled from the files of single
// repositories, which are many, and from all others:
//
//   - A [directory.File] that is unchanged is the same value as before, and so is what follows from
//     it alone: the policy or the tags of a repository.
//   - The registries and their inventories determine the ARNs of repositories. If they are
//     unchanged, so are the entries of unchanged files in the tables by ARN: the next tables share
//     them, and only the other entries are made anew.
//   - Everything that does not depend on single repositories, such as principals and credentials,
//     remains if none of its files changed. If one did, compiled texts are taken from the content
//     before.
//
// Only the last good content is used in this way. Files with the same text share it, and what it is
// compiled into. After an event, files and directories are not read again if they are
// unchanged according to the file system. Polling and [Store.Reload] read everything, and so
// find changes that the file system does not show.
package policystore
