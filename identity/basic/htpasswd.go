package basic

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/crypto/bcrypt"

	"extauthz/diag"
)

// maxCost is the highest bcrypt cost accepted: 2^14 rounds take about a second, which
// each wrong password takes.
const maxCost = 14

// RecommendedMaxCost is the highest bcrypt cost whose hash can be verified within the
// 0.5 s that the shipped Envoy configurations wait for an answer, even if the machine is
// busy: on a core of a 2024 server a hash of cost 12 takes about 0.2 s, one of cost 13
// about 0.4 s.
const RecommendedMaxCost = 12

// bcryptHash matches the hashes that bcrypt can compare with a password. bcrypt rejects
// any other hash at once, which would show that the user exists.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// A File contains the users of a password file and their bcrypt hashes.
type File struct {
	lines map[string]fileLine
	order []string // the users in the order of their lines
}

type fileLine struct {
	text   string // the whole line, which is part of the key of a cached verification
	hash   []byte
	cost   int // of the hash
	number int // of the line, from 1
}

// ParseFile parses a password file as `htpasswd -B` writes it: a line "user:hash" for
// each user, bcrypt hashes only. Blank lines and lines that start with # are ignored. The
// error has a diagnostic for each faulty line, and never contains a hash.
func ParseFile(file string, text []byte) (*File, error) {
	h := &File{lines: map[string]fileLine{}}
	var faults diag.Faults
	all, offset := diag.NewFileText(file, text), 0
	for line := range strings.Lines(string(text)) {
		number := all.Point(offset).Line
		offset += len(line)
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if problem, remedy := h.add(line, int(number)); problem != "" {
			faults.Add(diag.New(diag.File(file).At(diag.Point{Line: number}), problem, remedy))
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return h, nil
}

// add adds the user of a line, or returns what is wrong with the line.
func (h *File) add(line string, number int) (problem, remedy string) {
	user, hash, found := strings.Cut(line, ":")
	if !found {
		return "no colon in this line", "write user:hash, as `htpasswd -B` does"
	}
	if problem, remedy := checkUser(user); problem != "" {
		return problem, remedy
	}
	if _, twice := h.lines[user]; twice {
		return fmt.Sprintf("user %q is listed twice", user), "keep one line"
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if trimmed := strings.TrimSpace(hash); trimmed != hash && bcryptHash.MatchString(trimmed) {
		return fmt.Sprintf("the line of user %q has whitespace %s the hash", user, whitespaceSide(hash)), "remove it"
	}
	if err != nil || !bcryptHash.MatchString(hash) {
		return fmt.Sprintf("the hash of user %q is not bcrypt", user), "make it with `htpasswd -B`"
	}
	if cost > maxCost {
		return fmt.Sprintf("the hash of user %q has cost %d, which each request with a wrong password takes", user, cost), fmt.Sprintf("use at most %d", maxCost)
	}
	h.lines[user] = fileLine{text: line, hash: []byte(hash), cost: cost, number: number}
	h.order = append(h.order, user)
	return "", ""
}

// whitespaceSide returns on which side of a hash there is whitespace.
func whitespaceSide(hash string) string {
	if strings.TrimLeftFunc(hash, unicode.IsSpace) == hash {
		return "after"
	}
	return "before"
}

// checkUser rejects the user names with which clients send a token as the password:
// "AWS", as `aws ecr get-login-password` does, and account/role.
func checkUser(user string) (problem, remedy string) {
	switch {
	case user == "":
		return "the user name is empty", "write user:hash"
	case user == "AWS" || strings.Contains(user, "/"):
		return fmt.Sprintf("user name %q is reserved for logins with a token", user), "choose a name without / other than AWS"
	case !isText(user) || strings.TrimSpace(user) != user:
		return fmt.Sprintf("user name %q has control characters, is not UTF-8, or begins or ends with a blank", user), "choose another name"
	}
	return "", ""
}

// Has reports whether the file has a line for the user.
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

// Users returns the users of the file in the order of its lines.
func (h *File) Users() []User {
	users := make([]User, 0, len(h.order))
	for _, name := range h.order {
		line := h.lines[name]
		users = append(users, User{name, line.number, line.cost})
	}
	return users
}
