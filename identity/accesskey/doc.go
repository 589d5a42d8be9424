// Package accesskey reads and creates the long-term access keys of IAM users (IAM User
// Guide, "Manage access keys for IAM users").
//
// An access key is an id and a secret, with which a client of AWS signs its requests
// (Signature Version 4). The secret itself never reaches a server, which therefore must know
// it to verify a signature. So unlike a password, it cannot be stored as a hash. A [File]
// contains the keys as lines of text, ID:SECRET. Other packages map their ids to users.
//
// Errors never contain a secret.
package accesskey
