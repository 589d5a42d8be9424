package authz

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// passwords returns password file lines in which each user's password is
// NAME-secret.
func passwords(t testing.TB, names ...string) string {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name+"-secret"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	return text.String()
}
