package basictest

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// Passwords returns the lines of a password file. The password of each user is NAME-secret.
func Passwords(t testing.TB, names ...string) string {
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
