package main

import (
	"flag"
	"slices"
	"strings"
)

// complete returns what completes the last of the words that follow the program's name.
func complete(words []string) candidates {
	last := len(words) - 1
	if last == 0 {
		return commandNames().matching("", words[0])
	}
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == words[0] })
	if i < 0 {
		return candidates{kind: valuesKind}
	}
	l := newCompletedLine(&commands()[i])
	for _, word := range words[1:last] {
		l.add(word)
	}
	return l.complete(words[last])
}

// commandNames returns the names of all commands.
func commandNames() candidates {
	names := candidates{kind: valuesKind}
	for _, c := range commands() {
		names.values = append(names.values, candidate{c.name, c.summary})
	}
	return names
}

// A completedLine is a command line up to the word that is completed.
type completedLine struct {
	command   *command
	flags     *flag.FlagSet
	given     map[string]string // the flags on the line, with the last value of each
	waiting   string            // the flag whose value is the next word, "" if it is not a value
	arguments int               // the number of arguments
	noFlags   bool              // -- is on the line
}

func newCompletedLine(c *command) *completedLine {
	l := &completedLine{command: c, flags: newFlags(), given: map[string]string{}}
	c.flags(l.flags)
	return l
}

// add adds a word of the line, in the syntax of parseMixed.
func (l *completedLine) add(word string) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	f := l.flags.Lookup(name)
	switch {
	case l.waiting != "":
		l.given[l.waiting], l.waiting = word, ""
	case l.noFlags || len(word) < 2 || word[0] != '-':
		l.arguments++
	case word == "--":
		l.noFlags = true
	case f != nil && !hasValue && !isBoolean(f):
		l.waiting = name
	default:
		l.given[name] = value
	}
}

// complete returns what completes a word that follows.
func (l *completedLine) complete(word string) candidates {
	name, value, hasValue := strings.Cut(word, "=")
	switch {
	case l.waiting != "":
		return l.values(l.waiting).matching("", word)
	case l.noFlags || !strings.HasPrefix(word, "-"):
		return l.candidates(l.placeholder()).matching("", word)
	case hasValue:
		return l.values(strings.TrimLeft(name, "-")).matching(name+"=", value)
	}
	return l.flagNames().matching("", word)
}

// flagNames returns the flags of the command.
func (l *completedLine) flagNames() candidates {
	names := candidates{kind: valuesKind}
	for _, f := range l.command.declared() {
		names.values = append(names.values, candidate{f.name, f.usage})
	}
	return names
}

// values returns the values of a flag.
func (l *completedLine) values(name string) candidates {
	f := l.flags.Lookup(name)
	if f == nil || isBoolean(f) {
		return candidates{kind: valuesKind}
	}
	if of, isOfWords := f.Value.(interface{ accepted() []string }); isOfWords {
		return wordCandidates(of.accepted()...)
	}
	placeholder, _ := flag.UnquoteUsage(f)
	if name == "registry" && placeholder == "NAME" {
		placeholder = "REGISTRY"
	}
	return l.candidates(placeholder)
}

// placeholder returns the placeholder of the next argument in the form of the command that has
// most of the given flags, "" if there are no more arguments.
func (l *completedLine) placeholder() string {
	var next string
	most := -1
	for _, form := range l.command.forms() {
		placeholders, given := l.readForm(form)
		if given > most {
			next, most = "", given
			if l.arguments < len(placeholders) {
				next = placeholders[l.arguments]
			} else if n := len(placeholders); n > 0 && strings.HasSuffix(placeholders[n-1], "...") {
				next = placeholders[n-1]
			}
		}
	}
	return strings.TrimSuffix(next, "...")
}

// readForm returns the placeholders of the arguments in a form, and how many of its flags are
// given.
func (l *completedLine) readForm(form string) (placeholders []string, given int) {
	words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(form))
	for i := 0; i < len(words); i++ {
		name, isFlag := strings.CutPrefix(words[i], "--")
		if !isFlag {
			placeholders = append(placeholders, words[i])
			continue
		}
		if _, isGiven := l.given[name]; isGiven {
			given++
		}
		if f := l.flags.Lookup(name); f != nil && !isBoolean(f) {
			i++ // its value
		}
	}
	return placeholders, given
}
