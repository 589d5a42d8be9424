package main

import (
	"flag"
	"strings"
	"testing"
)

// TestComplete checks what completes the last word of a line. tests/completion types in shells.
func TestComplete(t *testing.T) {
	const policies, alice = "--policies " + quickstart, "arn:aws:iam::123456789012:user/alice"
	for _, c := range []struct {
		line string // a final blank begins an empty word
		kind string
		want string // words
	}{
		{"who", valuesKind, "whoami who-can"},
		{"fly ", valuesKind, ""},
		{"version ", valuesKind, ""},
		{"version --", valuesKind, "--format --json"},
		{"version --js", valuesKind, "--json"},
		{"version --json=", valuesKind, ""},
		{"version --no-such-flag=", valuesKind, ""},
		{"lint --format ", valuesKind, "text json sarif"},
		{"lint --format=j", valuesKind, "--format=json"},
		{"lint -format=j", valuesKind, "-format=json"},
		{"lint --format json ", directoriesKind, ""},
		{"lint a ", valuesKind, ""},
		{"lint -- --format", directoriesKind, ""},
		{"lint --explain half-", valuesKind, "half-pull half-push"},
		{"lint --fail-on e", valuesKind, "error"},
		{"replay --fail-on l", valuesKind, "lost-access"},
		{"replay --log ", filesKind, ""},
		{"serve --log-level w", valuesKind, "warn"},
		{"diff a ", directoriesKind, ""},
		{"diff a b ", valuesKind, ""},
		{"doctor a b c ", filesKind, ""},
		{"map ", valuesKind, "GET HEAD POST PUT PATCH DELETE"},
		{"map GET ", valuesKind, ""},
		{"map --tsv ", filesKind, ""},
		{"schema ta", valuesKind, "tags"},
		{"help vers", valuesKind, "version"},
		{"completion ", valuesKind, "bash zsh fish"},
		{"access-key ", valuesKind, "create"},
		{"who-can ecr:BatchG", valuesKind, "ecr:BatchGetImage ecr:BatchGetRepositoryScanningConfiguration"},
		{"what-can " + policies + " " + alice[:len(alice)-2], valuesKind, alice},
		{"what-can --policies=" + quickstart + " " + alice[:len(alice)-2], valuesKind, alice},
		{"what-can " + alice[:len(alice)-2], valuesKind, ""},
		{"what-can --policies /nowhere ", valuesKind, ""},
		{"simulate " + policies + " --registry ", valuesKind, "quickstart"},
	} {
		t.Run(c.line, func(t *testing.T) {
			got := complete(strings.Split(c.line, " "))
			var words []string
			for _, v := range got.values {
				words = append(words, v.word)
			}
			if got.kind != c.kind || strings.Join(words, " ") != c.want {
				t.Errorf("%s %q, want %s %q", got.kind, words, c.kind, c.want)
			}
		})
	}
}

// TestCandidatesAreHarmless checks that a shell never receives a word that it could read as more
// than a word, or a line more than a word has.
func TestCandidatesAreHarmless(t *testing.T) {
	harmless := []string{"arn:aws:iam::123456789012:user/a.b+c=d,e@f_g-h", "--format=json"}
	for _, word := range []string{"a b", "$(id)", "`id`", "a;b", "a*", "a?", "a\nb", "a\tb", "a\x1b[31m", "'a'", `a\b`, "~a", "ä", "a|b", "{a,b}", "<a", "#a", "!a", "(a)"} {
		if found := wordCandidates(append(harmless, word)...).matching("", ""); len(found.values) != len(harmless) {
			t.Errorf("%q is among %q", word, found.values)
		}
	}
}

// TestFlagWords checks that flags accept the words that complete their values, and list them in help.
func TestFlagWords(t *testing.T) {
	checked := map[string]int{}
	for _, c := range commands() {
		flags := newFlags()
		c.flags(flags)
		flags.VisitAll(func(f *flag.Flag) {
			of, isOfWords := f.Value.(interface{ accepted() []string })
			if !isOfWords {
				return
			}
			checked[f.Name]++
			for _, word := range of.accepted() {
				if err := f.Value.Set(word); err != nil || !strings.Contains(f.Usage, word) {
					t.Errorf("%s --%s %s: error %v, help %q", c.name, f.Name, word, err, f.Usage)
				}
			}
		})
	}
	if checked["format"] < 10 || checked["fail-on"] < 3 || checked["log-level"] != 1 || checked["decision-log"] != 1 {
		t.Errorf("commands by the flags whose words are known: %v", checked)
	}
}

// TestCompletionScripts checks that each shell has a script that names it and the program.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range shells() {
		code, stdout, stderr := typed(t, "completion "+shell)
		if code != exitDone || stderr != "" || !strings.Contains(stdout, "Completion of extauthz for "+shell) || !strings.Contains(stdout, "completion --words -- ") {
			t.Errorf("%s: exit %d, %s%s", shell, code, stdout, stderr)
		}
	}
	for line, want := range map[string]string{
		"completion":           "one shell is required, not 0; give bash, zsh or fish",
		"completion tcsh":      `shell "tcsh" has no completion; give bash, zsh or fish`,
		"completion bash fish": "one shell is required, not 2",
		"completion --words":   "one shell is required, not 0",
	} {
		if code, stdout, stderr := typed(t, line); code != exitInput || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s%s; want %q", line, code, stdout, stderr, want)
		}
	}
	if entries, err := scripts.ReadDir("completion"); err != nil || len(entries) != len(shells()) {
		t.Errorf("%d scripts: %v", len(entries), err)
	}
}
