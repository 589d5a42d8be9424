package denialmessage

import (
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"

	"extauthz/diag"
)

// MaxRecipients is the limit on the recipients of a message, so that it fits in a header.
const MaxRecipients = 4

// Recipients are the public keys of those who can read a message.
type Recipients []age.Recipient

// Keys are secret keys that read messages.
type Keys []age.Identity

// ParseRecipients parses the public keys of the operators who may read messages: lines of the form
// age1… that age-keygen prints. Empty lines and lines that begin with # are ignored. name is the
// name of the file in errors, which do not repeat the file's content.
func ParseRecipients(name string, text []byte) (Recipients, error) {
	var faults diag.Faults
	var recipients Recipients
	var keys []string
	for at, key := range keyLines(name, text) {
		recipient, err := age.ParseX25519Recipient(key)
		switch {
		case strings.HasPrefix(key, "AGE-SECRET-KEY-"):
			faults.Add(diag.New(at, "the line is a secret key, with which the sidecar could read its messages", "write the public key: age-keygen -y prints it"))
		case strings.HasPrefix(key, "age1pq1"):
			faults.Add(diag.New(at, "messages for a post-quantum key do not fit in a header", "make a key with age-keygen, without -pq"))
		case err != nil:
			faults.Add(diag.New(at, "the line is not a public key of age", "write the line age1… that age-keygen prints"))
		case slices.Contains(keys, key):
			faults.Add(diag.New(at, "the public key is in the file twice", "remove one"))
		case len(keys) == MaxRecipients:
			faults.Add(diag.New(at, fmt.Sprintf("the file has more than %d public keys", MaxRecipients), "remove those that are no longer used"))
		default:
			recipients, keys = append(recipients, recipient), append(keys, key)
		}
	}
	if len(recipients) == 0 && faults.Err() == nil {
		faults.Add(diag.New(diag.File(name).At(diag.Point{}), "the file has no public key", "write the line age1… that age-keygen prints"))
	}
	return recipients, faults.Err()
}

// ParseKeys parses secret keys, as age-keygen writes them. Their errors do not repeat the file's
// content.
func ParseKeys(name string, text []byte) (Keys, error) {
	var faults diag.Faults
	var keys Keys
	for at, line := range keyLines(name, text) {
		key, err := age.ParseX25519Identity(line)
		switch {
		case strings.HasPrefix(line, "age1"):
			faults.Add(diag.New(at, "the line is a public key, which cannot read messages", "give the file with the secret key, as age-keygen wrote it"))
		case err != nil:
			faults.Add(diag.New(at, "the line is not a secret key of age", "give the file as age-keygen wrote it; decrypt it first if it has a passphrase"))
		default:
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 && faults.Err() == nil {
		faults.Add(diag.New(diag.File(name).At(diag.Point{}), "the file has no secret key", "give the file as age-keygen wrote it"))
	}
	return keys, faults.Err()
}

// keyLines yields the lines of a file that are neither empty nor comments, with their positions.
func keyLines(name string, text []byte) func(yield func(diag.Position, string) bool) {
	return func(yield func(diag.Position, string) bool) {
		at := diag.Point{Column: 1}
		for line := range strings.Lines(string(text)) {
			at.Line++
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(diag.File(name).At(at), line) {
				return
			}
		}
	}
}
