// Package formats checks that the same policies decide the same in every form that a policy
// directory can have.
//
// It generates small random worlds: accounts with users, groups, roles and managed policies of
// several versions, registries with policies and tagged repositories, control policies, and
// callers of every kind. Each world is written in several forms: as the AWS CLI prints it; the
// same in random order, with unknown members and URL-encoded documents; and as one file for each
// document. Each form is written in folders, with ".." instead of some or all slashes, and as the
// kubelet mounts a volume. The same questions go to all loaded forms, and to a reference
// implementation that uses only the world and package iam. The decisions must be the same, by the
// same statements, and forms of the same files must have the same digest.
//
// The statements are those of package differential, each with a unique Sid. Policies that must not
// apply (versions that are not the default, and policies that are not attached) allow or deny
// everything.
//
// The outputs of a world are also broken, each in one place: that must be one error.
//
// To compare more worlds than make test does:
//
//	go test ./formats -v -timeout 1h -worlds 1000 -seed 2
package formats
