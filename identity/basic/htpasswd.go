package basic

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/crypto/bcrypt"
)

// maxCost is the highest bcrypt cost accepted: 2^14 rounds take about a
// second, and each wrong password pays them.
const maxCost = 14

// RecommendedMaxCost is the highest bcrypt cost whose hash can be verified within the
// 0.5 s that the shipped Envoy configurations wait for an answer, even where the
// machine is busy: on a core of a 2024 server a hash of cost 12 takes about 0.2 s,
// one of cost 13 about 0.4 s.
const RecommendedMaxCost = 12

// bcryptHash is the form of a hash that can be compared with. Another one would be
// refused at once, and tell by the time that its user is known.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// A File holds the users of a password file and their bcrypt hashes.
type File struct {
	lines map[string]fileLine
	order []string // the users in the order of their lines
}

type fileLine struct {
	text string // the whole line, which keys the cache of verified passwords
	hash []byte
	cost int // of the hash

	number int // of the line, from 1
}

// ParseFile reads a password file as `htpasswd -B` writes it: a line
// "user:hash" for each user, bcrypt hashes only; blank lines and lines that
// start with # are skipped. An error names file and line, and never the hash.
func ParseFile(file string, text []byte) (*File, error) {
	h := &File{lines: map[string]fileLine{}}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := h.add(line, i+1); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return h, nil
}

func (h *File) add(line string, number int) error {
	user, hash, found := strings.Cut(line, ":")
	if !found {
		return fmt.Errorf("no colon in this line; write user:hash, as `htpasswd -B` does")
	}
	if err := checkBasicUser(user); err != nil {
		return err
	}
	if _, twice := h.lines[user]; twice {
		return fmt.Errorf("user %q is there twice; keep one line", user)
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if trimmed := strings.TrimSpace(hash); trimmed != hash && bcryptHash.MatchString(trimmed) {
		return fmt.Errorf("the line of user %q has whitespace %s the hash; remove it", user, whitespaceSide(hash))
	}
	if err != nil || !bcryptHash.MatchString(hash) {
		return fmt.Errorf("the hash of user %q is not bcrypt; make it with `htpasswd -B`", user)
	}
	if cost > maxCost {
		return fmt.Errorf("the hash of user %q has cost %d; use at most %d, since each request with a wrong password pays it", user, cost, maxCost)
	}
	h.lines[user] = fileLine{text: line, hash: []byte(hash), cost: cost, number: number}
	h.order = append(h.order, user)
	return nil
}

// whitespaceSide says on which side of a hash there is whitespace.
func whitespaceSide(hash string) string {
	if strings.TrimLeftFunc(hash, unicode.IsSpace) == hash {
		return "after"
	}
	return "before"
}

// Has tells whether the file has a line for user.
func (h *File) Has(user string) bool {
	_, ok := h.lines[user]
	return ok
}

// A User is a line of the password file.
type User struct {
	Name string
	Line int // from 1
	Cost int // of the bcrypt hash
}

// Users lists the users of the file in the order of its lines.
func (h *File) Users() []User {
	users := make([]User, 0, len(h.order))
	for _, name := range h.order {
		line := h.lines[name]
		users = append(users, User{name, line.number, line.cost})
	}
	return users
}

// checkBasicUser refuses names that a login with a token uses: "AWS", as
// `aws ecr get-login-password` has it, and account/role.
func checkBasicUser(user string) error {
	switch {
	case user == "":
		return fmt.Errorf("the user name is empty")
	case user == "AWS" || strings.Contains(user, "/"):
		return fmt.Errorf("user name %q stands for a role that logs in with a token; choose a name without / other than AWS", user)
	case !plainText(user) || strings.TrimSpace(user) != user:
		return fmt.Errorf("user name %q holds control characters, is not UTF-8, or has blanks around it", user)
	}
	return nil
}
