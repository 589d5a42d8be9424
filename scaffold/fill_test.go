package scaffold

import "testing"

func TestFill(t *testing.T) {
	placeholders := []placeholder{
		{"repository", []string{"a", "b"}},
		{"user", []string{"x", "y"}},
		{"host", []string{"h"}},
		{"role", nil},
	}
	for _, c := range []struct{ name, source, want string }{
		{"nothing", "", ""},
		{"no placeholder", "{user}\n", "{user}\n"},
		{"one value, twice", "{{host}} {{host}}\n", "h h\n"},
		{"each value", "tests:\n---\n- {{user}}\n---\nend\n", "tests:\n- x\n- y\nend\n"},
		{"all lines of a block", "- {{user}}\n  a: {{user}} {{host}}\n", "- x\n  a: x h\n- y\n  a: y h\n"},
		{"each combination, in the order of the placeholders", "{{user}} {{repository}}\n", "x a\ny a\nx b\ny b\n"},
		{"no value", "a\n---\n{{host}} {{role}}\n---\nb\n", "a\nb\n"},
		{"an unknown placeholder stays, which the tests of all files find", "{{unknown}}\n", "{{unknown}}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fill(c.source, placeholders); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
