package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestPositionsAreFormattedByDiag finds product code outside package diag that writes a
// position as text, searches a text for a position, or computes a line or column.
func TestPositionsAreFormattedByDiag(t *testing.T) {
	set, parsed := sources(t)
	for name, file := range parsed {
		if !ofProduct(name) || strings.HasPrefix(name, "goldentest/") || strings.HasPrefix(name, "diag/") {
			continue
		}
		for at, problem := range positionsByHand(file) {
			t.Errorf("%v: %s; use package diag", set.Position(at), problem)
		}
	}
}

// positionVerbs matches a format that writes a line or column.
var positionVerbs = regexp.MustCompile(`%d:%d|%[sqv]:%d|(?i:line|column):? %d`)

// positionsByHand returns the places in a file where a position is formatted, parsed or
// computed, each with the problem.
func positionsByHand(file *ast.File) map[token.Pos]string {
	found := map[token.Pos]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, _ := strconv.Unquote(n.Value); n.Kind == token.STRING && positionVerbs.MatchString(text) {
				found[n.Pos()] = "a position is formatted"
			}
		case *ast.BinaryExpr:
			if n.Op == token.ADD && (isTextOfPoint(n.X) || isTextOfPoint(n.Y)) {
				found[n.OpPos] = "a position is formatted"
			}
		case *ast.CallExpr:
			switch {
			case calls(n, "bytes", "Count") && isLineBreak(n.Args[1]), calls(n, "strings", "Count") && isLineBreak(n.Args[1]):
				found[n.Pos()] = "lines are counted"
			case (calls(n, "regexp", "MustCompile") || calls(n, "regexp", "Compile")) && findsPositions(n.Args[0]):
				found[n.Pos()] = "a regular expression finds positions"
			}
		}
		return true
	})
	return found
}

// calls reports whether a call is one of a function of a package.
func calls(n *ast.CallExpr, pkg, function string) bool {
	s, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != function {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// isTextOfPoint reports whether an expression converts a line or column to text.
func isTextOfPoint(e ast.Expr) (found bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	for _, arg := range call.Args {
		ast.Inspect(arg, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			found = found || ok && (s.Sel.Name == "Line" || s.Sel.Name == "Column")
			return !found
		})
	}
	return found && (calls(call, "strconv", "Itoa") || calls(call, "strconv", "FormatInt") || calls(call, "fmt", "Sprint"))
}

// isLineBreak reports whether an expression is a constant line feed.
func isLineBreak(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		found = found || ok && (lit.Value == `"\n"` || lit.Value == `'\n'`)
		return !found
	})
	return found
}

// findsPositions reports whether a constant regular expression matches an error with a
// position, but not the same error with letters instead of the numbers.
func findsPositions(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return false
	}
	text, _ := strconv.Unquote(lit.Value)
	re, err := regexp.Compile(text)
	if err != nil {
		return false
	}
	for _, text := range []string{"a.json:3:7: x is wrong", "3:7: x is wrong", "line 3: x is wrong", "x is wrong in line 3, column 7"} {
		if re.MatchString(text) && !re.MatchString(strings.NewReplacer("3", "a", "7", "b").Replace(text)) {
			return true
		}
	}
	return false
}

// TestPositionsByHand tries the rule.
func TestPositionsByHand(t *testing.T) {
	for body, want := range map[string]int{
		`return fmt.Sprintf("%s:%d:%d: wrong", a, b, c)`:                1,
		`return fmt.Sprintf("wrong in line %d", a)`:                     1,
		`return name + ":" + strconv.Itoa(at.Line)`:                     1,
		`return fmt.Sprint(at.Line) + ":" + fmt.Sprint(at.Column)`:      2,
		`line := 1 + bytes.Count(text, []byte("\n")); return line`:      1,
		`line := 1 + strings.Count(text, "\n"); return line`:            1,
		"re := regexp.MustCompile(`^(.+):(\\d+):(\\d+): `); return re":  1,
		"re := regexp.MustCompile(`line (\\d+)`); return re":            1,
		"re := regexp.MustCompile(`^[a-z]+(:[0-9]{1,5})?$`); return re": 0,
		"re := regexp.MustCompile(`^[^:]+:`); return re":                0,
		`return fmt.Sprintf("line %v", at)`:                             0,
		`return strings.Count(text, ",")`:                               0,
		`return at.Line + 1`:                                            0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\nfunc f() any { "+body+" }", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(positionsByHand(file)); got != want {
			t.Errorf("%s: %d places, want %d", body, got, want)
		}
	}
}

// TestRemediesAreSeparate finds product code that writes a problem and its remedy into one
// text, as "problem; remedy". Logs have an attribute for each, and callers add positions and
// prefixes to the problem.
func TestRemediesAreSeparate(t *testing.T) {
	set, parsed := sources(t)
	for name, file := range parsed {
		if !ofProduct(name) || strings.HasPrefix(name, "goldentest/") {
			continue
		}
		for _, at := range remediesInProblems(file) {
			t.Errorf("%v: a problem contains its remedy; use diag.New, or diag.Problemf and WithRemedy", set.Position(at))
		}
	}
}

// remediesInProblems returns the places in a file where the text of an error or the problem
// of a diagnostic has two parts.
func remediesInProblems(file *ast.File) (places []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		problem := call.Args[0]
		switch {
		case calls(call, "errors", "New"), strings.HasSuffix(strings.ToLower(functionName(call)), "errorf"), functionName(call) == "Problemf":
		case calls(call, "diag", "New") && len(call.Args) == 3:
			problem = call.Args[1]
		default:
			return true
		}
		ast.Inspect(problem, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, "; ") {
				places = append(places, lit.Pos())
			}
			return true
		})
		return true
	})
	return places
}

// functionName returns the name of the function or method that a call calls.
func functionName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// TestRemediesInProblems tries the rule.
func TestRemediesInProblems(t *testing.T) {
	for body, want := range map[string]int{
		`return errors.New("x is wrong; fix x")`:                             1,
		`return fmt.Errorf("%q is wrong; fix it", x)`:                        1,
		`return inputErrorf("x is wrong" + "; fix x")`:                       1,
		`return diag.Problemf("x is wrong; fix x")`:                          1,
		`return diag.New(at, fmt.Sprintf("%q is wrong; fix it", x), "")`:     1,
		`return diag.New(at, "x is wrong", "fix x; or remove it")`:           0,
		`return diag.Problemf("%q is wrong", ";").WithRemedy("fix x; or y")`: 0,
		`return fmt.Sprintf("x is wrong; fix x")`:                            0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\nfunc f() any { "+body+" }", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(remediesInProblems(file)); got != want {
			t.Errorf("%s: %d places, want %d", body, got, want)
		}
	}
}
