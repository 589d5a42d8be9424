package accesskey

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"regexp"
	"strings"
)

// The beginnings of the ids of access keys (IAM User Guide, "IAM identifiers", "Understanding
// unique ID prefixes").
const (
	LongTerm  = "AKIA" // of an access key
	Temporary = "ASIA" // of temporary credentials
)

// MaxPerUser is how many access keys a user can have (IAM User Guide, "IAM and AWS STS
// quotas").
const MaxPerUser = 2

// SecretLength is the length of a secret, in characters.
const SecretLength = 40

// id is the form of an id after its beginning: 80 bits in base32.
var id = regexp.MustCompile(`^A(KI|SI)A[A-Z2-7]{16}$`)

// secret is the form of a secret: 30 bytes in base64.
var secret = regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`)

// IsID reports whether a text has the form of the id of an access key that begins with
// LongTerm or Temporary.
func IsID(text, beginning string) bool {
	return id.MatchString(text) && strings.HasPrefix(text, beginning)
}

// NewID returns a random id that begins with LongTerm or Temporary.
func NewID(beginning string) string {
	var random [10]byte
	rand.Read(random[:])
	return beginning + base32.StdEncoding.EncodeToString(random[:])
}

// A Key is an access key.
type Key struct{ ID, Secret string }

// New returns a random long-term access key.
func New() Key {
	var random [SecretLength / 4 * 3]byte
	rand.Read(random[:])
	return Key{NewID(LongTerm), EncodeSecret(random)}
}

// EncodeSecret returns the secret of 30 bytes that no one can guess.
func EncodeSecret(random [SecretLength / 4 * 3]byte) string {
	return base64.StdEncoding.EncodeToString(random[:])
}
