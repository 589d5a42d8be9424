// Package formats holds that the same policies decide the same in every form that a
// policy directory can have.
//
// It makes small random worlds: accounts with users, groups, roles and managed
// policies of several versions, registries with policies and tagged repositories,
// control policies, and callers of every kind. Each world is written as the AWS CLI
// prints it, as that in any order with members that nobody knows and documents that
// are URL-encoded, and as documents in their places; in folders, with ".." for some
// or all slashes, and as the kubelet mounts a volume. All forms are loaded and asked
// the same questions, and so is the world itself, by way of package iam alone. The
// decisions must be the same, by the same statements, and forms of the same files
// must have the same digest.
//
// The statements are those of package differential, each with a Sid that no other
// has. Policies that must not be in force (versions that are not the default, and
// what is attached to nobody) allow or deny everything.
//
// The outputs of a world are also broken, in one place each: that must be one error.
//
// More worlds than make test asks for:
//
//	go test ./formats -v -timeout 1h -worlds 1000 -seed 2
package formats
