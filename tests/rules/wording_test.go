package rules

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	yamlv4 "go.yaml.in/yaml/v4"

	"extauthz/tests/stack"
)

// ownTexts lists the files that may read the text of an error that this project creates.
var ownTexts = map[string]string{}

// TestNoErrorIsReadByItsText finds product code that searches or cuts the text of an error
// or diagnostic, or compares it with a constant: the wording of libraries changes from release to
// release. Replacing line breaks is layout and does not count.
func TestNoErrorIsReadByItsText(t *testing.T) {
	set, parsed := sources(t)
	seen := map[string]bool{}
	for name, file := range parsed {
		if strings.HasPrefix(name, "tests/") {
			continue
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			for _, at := range readsErrorText(f.Body) {
				if seen[name] = true; ownTexts[name] == "" {
					t.Errorf("%v: depends on the text of an error; use errors.Is or errors.As", set.Position(at))
				}
			}
		}
	}
	for name := range ownTexts {
		if !seen[name] {
			t.Errorf("%s no longer reads the text of an error; remove it from ownTexts", name)
		}
	}
}

// readsErrorText returns the places where a function searches or cuts the text of an error,
// taken from Error() or from a diagnostic, directly or through variables.
func readsErrorText(body *ast.BlockStmt) (places []token.Pos) {
	texts := map[string]bool{} // variables that hold such a text
	var isText func(e ast.Expr) bool
	isText = func(e ast.Expr) (found bool) {
		ast.Inspect(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				s, ok := n.Fun.(*ast.SelectorExpr)
				found = found || ok && (s.Sel.Name == "Error" || s.Sel.Name == "Message") && len(n.Args) == 0 || slices.ContainsFunc(n.Args, isText)
				return false // the receiver of another method is not a text
			case *ast.SelectorExpr:
				found = found || n.Sel.Name == "Problem" || n.Sel.Name == "Remedy"
			case *ast.Ident:
				found = found || texts[n.Name]
			}
			return !found
		})
		return found
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if name, ok := left.(*ast.Ident); ok && isText(n.Rhs[min(i, len(n.Rhs)-1)]) {
					texts[name.Name] = true
				}
			}
		case *ast.BinaryExpr:
			text, constant := n.Y.(*ast.BasicLit)
			if (n.Op == token.EQL || n.Op == token.NEQ) && constant && text.Value != `""` && isText(n.X) {
				places = append(places, n.Pos())
			}
		case *ast.SliceExpr:
			if isText(n.X) {
				places = append(places, n.Pos())
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && isText(n.Tag) {
				places = append(places, n.Pos())
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && searches(s, n.Args) && slices.ContainsFunc(n.Args, isText) {
				places = append(places, n.Pos())
			}
		}
		return true
	})
	return places
}

// searches reports whether a call is one of package strings that finds or cuts text,
// or one of a regular expression.
func searches(s *ast.SelectorExpr, args []ast.Expr) bool {
	if x, ok := s.X.(*ast.Ident); ok && x.Name == "strings" {
		if strings.HasPrefix(s.Sel.Name, "Replace") {
			searched, constant := args[1].(*ast.BasicLit)
			return !constant || searched.Value != `"\n"`
		}
		return regexp.MustCompile(`^(Contains|Has|Index|LastIndex|Cut|Trim|EqualFold|Split|Fields|Count)`).MatchString(s.Sel.Name)
	}
	return regexp.MustCompile(`^(Find|Match|Replace)(All)?(String|Literal)`).MatchString(s.Sel.Name)
}

// TestReadsErrorText tries the rule.
func TestReadsErrorText(t *testing.T) {
	for body, want := range map[string]int{
		`return strings.Contains(err.Error(), "EOF")`:                         1,
		`text := err.Error(); return strings.HasPrefix(text, "x")`:            1,
		`text := trim(err.Error()); a, b := text, 1; return re.FindString(a)`: 1,
		`return err.Error() == "EOF"`:                                         1,
		`switch err.Error() { case "EOF": return 1 }; return 0`:               1,
		`return err.Error()[5:]`:                                              1,
		`text := err.Error(); return text[:strings.Index(name, ";")]`:         1,
		`return strings.TrimSuffix(d.Message(), ".")`:                         1,
		`_, text, _ := strings.Cut(d.Problem, ": "); return text`:             1,
		`return last.Error() != err.Error()`:                                  0,
		`return strings.ReplaceAll(err.Error(), "\n", "; ")`:                  0,
		`return strings.ReplaceAll(err.Error(), "yaml: ", "")`:                1,
		`return errors.New("x: " + err.Error())`:                              0,
		`return strings.Contains(name, "x")`:                                  0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\nfunc f() any { "+body+" }", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(readsErrorText(file.Decls[0].(*ast.FuncDecl).Body)); got != want {
			t.Errorf("%s: %d places, want %d", body, got, want)
		}
	}
}

// libraryErrors provokes errors of the libraries in use and returns their texts, so that
// this file does not contain their wording.
func libraryErrors(t *testing.T) (texts []string) {
	var all []error
	for _, text := range []string{"", "{", `{"a" 1}`, "[1,]", "{} {}", "tru", "\"\x01\"", strings.Repeat("[", 20_000)} {
		all = append(all, json.Unmarshal([]byte(text), new(any)))
	}
	all = append(all, json.Unmarshal([]byte("7"), new(string)))
	for _, text := range []string{"a: [", "a:\n\tb: x", "a: @b", "a: *b", "a: b: c", "a:\n  b: x\n c: y", "a: \"", strings.Repeat("[", 20_000)} {
		all = append(all, yamlv4.Load([]byte(text), new(yamlv4.Node)))
	}
	for _, code := range []syscall.Errno{syscall.ENOENT, syscall.EACCES, syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP, syscall.EADDRINUSE, syscall.ECONNREFUSED, syscall.EPIPE, syscall.ENOSPC} {
		all = append(all, code)
	}
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	_, linked := filepath.EvalSymlinks(loop)
	_, _, port := net.SplitHostPort("a")
	_, _, colons := net.SplitHostPort("::1:1")
	_, number := strconv.Atoi("x")
	_, large := strconv.ParseInt(strings.Repeat("9", 30), 10, 64)
	_, boolean := strconv.ParseBool("x")
	_, decoded := base64.StdEncoding.DecodeString("?")
	_, digits := hex.DecodeString("x")
	_, duration := time.ParseDuration("x")
	_, date := time.Parse(time.RFC3339, "x")
	//nolint:staticcheck // SA1000: the test needs the error
	_, pattern := regexp.Compile("(")
	//nolint:staticcheck // SA1007: the test needs the error
	_, address := url.Parse("http://[")
	_, ip := netip.ParseAddr("x")
	_, certificate := x509.ParseCertificate([]byte("x"))
	_, pair := tls.X509KeyPair(nil, nil)
	_, untrusted := new(x509.Certificate).Verify(x509.VerifyOptions{Roots: x509.NewCertPool()})
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Int("n", 0, "")
	all = append(all, linked, port, colons, number, large, boolean, decoded, digits, duration, date, pattern, address, ip, certificate, pair, untrusted,
		set.Parse([]string{"-n"}), set.Parse([]string{"-x"}), set.Parse([]string{"-n", "x"}), xml.Unmarshal([]byte("<a>"), new(any)),
		os.ErrDeadlineExceeded, net.ErrClosed, io.ErrUnexpectedEOF)
	for i, err := range all {
		if err == nil {
			t.Errorf("error %d was not provoked", i)
			continue
		}
		texts = append(texts, err.Error())
	}
	return texts
}

// phrases returns all sequences of three words in texts, and texts of two words.
func phrases(texts []string) map[string]bool {
	found := map[string]bool{}
	for _, text := range texts {
		words := strings.Fields(text)
		if len(words) == 2 {
			found[text] = true
		}
		for i := 3; i <= len(words); i++ {
			found[strings.Join(words[i-3:i], " ")] = true
		}
	}
	return found
}

// TestNoTestExpectsTheWordingOfALibrary finds tests whose strings contain three words
// in a row from an error of a library.
func TestNoTestExpectsTheWordingOfALibrary(t *testing.T) {
	forbidden, texts := phrases(libraryErrors(t)), 0
	if len(forbidden) < 80 {
		t.Errorf("%d phrases, want at least 80", len(forbidden))
	}
	for _, name := range files(t) {
		isTest, isData := strings.HasSuffix(name, "_test.go"), strings.Contains(name, "testdata/") && !strings.Contains(name, "/fuzz/")
		if !isTest && !isData {
			continue
		}
		text, err := os.ReadFile(filepath.Join(stack.Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		strs := []string{string(text)}
		if isTest {
			strs = stringsIn(t, name, text)
		}
		texts += len(strs)
		for _, s := range strs {
			for phrase := range forbidden {
				if strings.Contains(s, phrase) {
					t.Errorf("%s expects %q, which is the wording of a library; compare this project's own words, or codes", name, phrase)
				}
			}
		}
	}
	if texts < 1000 {
		t.Errorf("%d strings in tests, want at least 1000", texts)
	}
}

// stringsIn returns the strings of a Go file.
func stringsIn(t *testing.T, name string, text []byte) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			s, _ := strconv.Unquote(literal.Value) // the parser has read it
			all = append(all, s)
		}
		return true
	})
	return all
}
