package stsapi

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameters are the parameters of a request. Each is removed when it is read, so that those
// that remain are not known.
type parameters map[string]string

// parseForm parses a form in which no parameter is repeated.
func parseForm(body []byte) (parameters, *Error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, NewError(MalformedInput, "the body is not a form of AWS's query protocol")
	}
	p := parameters{}
	for name, values := range form {
		if len(values) != 1 {
			return nil, NewError(MalformedInput, "a parameter is repeated")
		}
		p[name] = values[0]
	}
	return p, nil
}

// take returns a parameter, "" if it is absent, and removes it.
func (p parameters) take(name string) string {
	value := p[name]
	delete(p, name)
	return value
}

// text returns a parameter, "" if it is absent. As in AWS it is not empty otherwise: an empty
// session policy would be no limit.
func (p parameters) text(name string) (string, *Error) {
	value, found := p[name]
	if found && value == "" {
		return "", validation("Value '' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", member(name))
	}
	return p.take(name), nil
}

// need returns a parameter that must not be empty.
func (p parameters) need(name string) (string, *Error) {
	value := p.take(name)
	if value == "" {
		return "", validation("Value null at '%s' failed to satisfy constraint: Member must not be null", member(name))
	}
	return value, nil
}

// member returns the name of a parameter as AWS's errors write it.
func member(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// seconds returns a duration, 0 if it is absent.
func (p parameters) seconds(name string) (time.Duration, *Error) {
	const longest = 1 << 30 // more than any duration that is valid
	text, found := p[name]
	delete(p, name)
	if !found {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, NewError(MalformedInput, fmt.Sprintf("%s is not a number", name))
	case n <= 0 || n > longest:
		return 0, validation("Value '%d' at '%s' failed to satisfy constraint: Member must have value greater than or equal to 900", n, member(name))
	}
	return time.Duration(n) * time.Second, nil
}

// list returns the elements of a list, PREFIX.member.N with N from 1, each with its members:
// those whose names follow after a dot, or the value itself under "".
func (p parameters) list(prefix string, most int) ([]map[string]string, *Error) {
	elements := map[int]map[string]string{}
	for name, value := range p {
		rest, found := strings.CutPrefix(name, prefix+".member.")
		if !found {
			continue
		}
		delete(p, name)
		number, field, hasField := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || strconv.Itoa(n) != number || hasField && field == "" {
			return nil, NewError(MalformedInput, fmt.Sprintf("the elements of %s are not numbered from 1", prefix))
		}
		if elements[n] == nil {
			elements[n] = map[string]string{}
		}
		elements[n][field] = value
	}
	list := make([]map[string]string, len(elements))
	for n, element := range elements {
		if n > len(list) {
			return nil, NewError(MalformedInput, fmt.Sprintf("the elements of %s are not numbered from 1", prefix))
		}
		list[n-1] = element
	}
	if len(list) > most {
		return nil, validation("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", member(prefix), most)
	}
	return list, nil
}

// texts returns a list whose elements are a text each: the member of that name, or the element
// itself if the name is "".
func (p parameters) texts(prefix, name string, most int) ([]string, *Error) {
	elements, problem := p.list(prefix, most)
	var texts []string
	for _, element := range elements {
		if len(element) != 1 || element[name] == "" {
			return nil, NewError(MalformedInput, fmt.Sprintf("an element of %s is malformed", prefix))
		}
		texts = append(texts, element[name])
	}
	return texts, problem
}

// finish returns an error if a parameter was not read.
func (p parameters) finish() *Error {
	var names []string
	for name := range p {
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil
	}
	switch slices.Sort(names); names[0] {
	case "SerialNumber", "TokenCode":
		return NewError(ValidationError, "multi-factor authentication devices do not exist here; leave out SerialNumber and TokenCode")
	case "ProviderId":
		return NewError(ValidationError, "ProviderId is for OAuth 2.0 access tokens, and only OpenID Connect ID tokens are accepted here")
	}
	return NewError(ValidationError, "the request has a parameter that is not supported here")
}
