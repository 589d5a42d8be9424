package extauthztest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// user is a user whose password is known, with its line in htpasswd.
type user struct {
	name, password, line string
}

// newUser hashes a password. The cost is the least, because a test's password is no secret.
func newUser(name, password string) (user, error) {
	if name == "" || strings.ContainsAny(name, ":\r\n") {
		return user{}, fmt.Errorf("the user name %q is empty or contains a colon or a line break", name)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return user{}, fmt.Errorf("the password of %s cannot be hashed: %w", name, err)
	}
	return user{name, password, name + ":" + string(hash)}, nil
}

// addUsers returns an htpasswd file with the lines of users instead of its own for the same names.
func addUsers(htpasswd string, users []user) string {
	added := map[string]bool{}
	var lines []string
	for _, u := range users {
		added[u.name] = true
	}
	for line := range strings.Lines(htpasswd) {
		name, _, _ := strings.Cut(line, ":")
		if line = strings.TrimRight(line, "\r\n"); line != "" && !added[name] {
			lines = append(lines, line)
		}
	}
	for _, u := range users {
		lines = append(lines, u.line)
	}
	return strings.Join(lines, "\n") + "\n"
}

// ErrUnknownUser means that the password of a user is not known: no WithUser has named the user.
var ErrUnknownUser = errors.New("the password of this user is not known; add the option WithUser")

// Users returns the passwords of the users that can log in with one that is known.
func (c *Container) Users() map[string]string {
	passwords := map[string]string{}
	for _, u := range c.options.users {
		passwords[u.name] = u.password
	}
	return passwords
}

// dockerConfig returns the JSON of a client's configuration file.
func (c *Container) dockerConfig(address, name string) ([]byte, error) {
	password, ok := c.Users()[name]
	if !ok {
		return nil, fmt.Errorf("extauthztest: %s: %w", name, ErrUnknownUser)
	}
	type auth struct {
		Auth string `json:"auth"`
	}
	return json.Marshal(struct {
		Auths map[string]auth `json:"auths"`
	}{map[string]auth{address: {base64.StdEncoding.EncodeToString([]byte(name + ":" + password))}}})
}
