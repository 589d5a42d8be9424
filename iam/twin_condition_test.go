package iam

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
)

// twinUnit is a character of a pattern: a wildcard or a literal.
type twinUnit struct {
	wildcard rune // '*', '?' or 0
	literal  rune
}

var twinVariable = regexp.MustCompile(`\$\{([^}]*)\}`)

// expand replaces policy variables with their values. It fails if one does not have any.
func (w *twin) expand(p twinPolicy, text string, wildcards bool) ([]twinUnit, bool) {
	var units []twinUnit
	plain := func(s string, wildcards bool) {
		for _, c := range s {
			if wildcards && (c == '*' || c == '?') {
				units = append(units, twinUnit{wildcard: c})
			} else {
				units = append(units, twinUnit{literal: c})
			}
		}
	}
	for p.version == "2012-10-17" {
		at := twinVariable.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		plain(text[:at[0]], wildcards)
		value, ok := w.variable(text[at[2]:at[3]])
		if !ok {
			return nil, false
		}
		plain(value, false)
		text = text[at[1]:]
	}
	plain(text, wildcards)
	return units, true
}

func (w *twin) variable(name string) (string, bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, true
	}
	name, fallback, hasFallback := strings.Cut(name, ", ")
	if e := w.find(name); e != nil {
		return e.Value, !e.Multi
	}
	return strings.Trim(fallback, "'"), hasFallback && !w.isAmbiguous(name)
}

// find looks a key up. If entries differ only in case, the key of the tag must be exactly
// the same.
func (w *twin) find(name string) *ContextEntry {
	for i := range w.request.Context {
		e := &w.request.Context[i]
		_, tag, _ := strings.Cut(e.Key, "/")
		if strings.EqualFold(e.Key, name) && (!e.Ambiguous || strings.HasSuffix(name, "/"+tag)) {
			return e
		}
	}
	return nil
}

// isAmbiguous reports whether several entries have the key, and none is written like it.
func (w *twin) isAmbiguous(name string) bool {
	same := slices.ContainsFunc(w.request.Context, func(e ContextEntry) bool { return strings.EqualFold(e.Key, name) })
	return same && w.find(name) == nil
}

// dependsOnAmbiguous reports whether a text has a variable whose key is ambiguous.
func (w *twin) dependsOnAmbiguous(p twinPolicy, text string) bool {
	for _, m := range twinVariable.FindAllStringSubmatch(text, -1) {
		name, _, _ := strings.Cut(m[1], ", ")
		if p.version == "2012-10-17" && w.isAmbiguous(name) {
			return true
		}
	}
	return false
}

// twinMatchUnits fills a table: row i contains which beginnings of the subject the first i
// units match.
func twinMatchUnits(units []twinUnit, subject []rune) bool {
	row := make([]bool, len(subject)+1)
	row[0] = true
	for _, u := range units {
		next := make([]bool, len(subject)+1)
		for j := range next {
			switch {
			case u.wildcard == '*':
				next[j] = row[j] || j > 0 && next[j-1]
			case j > 0:
				next[j] = row[j-1] && (u.wildcard == '?' || u.literal == subject[j-1])
			}
		}
		row = next
	}
	return row[len(subject)]
}

func (w *twin) conditionsHold(p twinPolicy, s twinStatement) bool {
	block, _ := s["Condition"].(map[string]any)
	for operator, keys := range block {
		for key, values := range keys.(map[string]any) {
			if !w.conditionHolds(p, s["Effect"].(string), operator, key, twinList(values)) {
				return false
			}
		}
	}
	return true
}

// conditionHolds reports whether one key of one operator is true.
func (w *twin) conditionHolds(p twinPolicy, effect, operator, key string, values []any) bool {
	set, base, found := strings.Cut(operator, ":")
	if !found {
		set, base = "", operator
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	negated := strings.Contains(base, "Not")
	if strings.HasPrefix(base, "Arn") && slices.Contains(values, any("*")) {
		return effect == "Deny" // a lone "*" is not an ARN
	}
	if w.isAmbiguous(key) || (strings.HasPrefix(base, "String") || strings.HasPrefix(base, "Arn") || base == "Bool") &&
		slices.ContainsFunc(values, func(v any) bool { return w.dependsOnAmbiguous(p, fmt.Sprint(v)) }) {
		return effect == "Deny"
	}
	entry := w.find(key)
	var have []string
	if entry != nil {
		have = []string{entry.Value}
		if entry.Multi {
			have = entry.Values
		}
	}
	empty := entry == nil || len(have) == 0 || !entry.Multi && entry.Value == ""
	satisfied := 0
	for _, value := range have {
		if w.valueSatisfies(p, effect, base, negated, value, values) {
			satisfied++
		}
	}
	switch {
	case base == "Null":
		plain := false
		for _, v := range values {
			plain = plain || (fmt.Sprint(v) == "true") == empty
		}
		readings := []bool{plain}
		if set != "" && empty {
			readings = append(readings, set == "ForAllValues") // of an empty set
		}
		if effect == "Deny" {
			return slices.Contains(readings, true)
		}
		return !slices.Contains(readings, false)
	case set == "ForAllValues":
		return empty || satisfied == len(have)
	case set == "ForAnyValue":
		return !empty && satisfied > 0
	case entry == nil:
		return negated || ifExists
	case entry.Multi && effect == "Allow":
		return false
	case entry.Multi && len(have) == 0:
		return negated || ifExists
	}
	return satisfied > 0
}

// valueSatisfies reports whether a value equals any of the policy's values or, for a
// negated operator, none. A value that cannot be compared never helps the caller.
func (w *twin) valueSatisfies(p twinPolicy, effect, base string, negated bool, have string, values []any) bool {
	any := false
	for _, v := range values {
		equal, readable := w.compare(p, base, have, fmt.Sprint(v))
		if !readable {
			return effect == "Deny"
		}
		any = any || equal
	}
	return any != negated
}

func (w *twin) compare(p twinPolicy, base, have, want string) (equal, readable bool) {
	switch base {
	case "StringEquals", "StringNotEquals":
		units, ok := w.expand(p, want, false)
		return ok && twinMatchUnits(units, []rune(have)), true
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		units, ok := w.expand(p, want, false)
		for i := range units {
			units[i].literal = []rune(strings.ToLower(string(units[i].literal)))[0]
		}
		return ok && twinMatchUnits(units, []rune(strings.ToLower(have))), true
	case "StringLike", "StringNotLike":
		units, ok := w.expand(p, want, true)
		return ok && twinMatchUnits(units, []rune(have)), true
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
		return w.compareARN(p, have, want)
	case "Bool":
		return w.compareBool(p, strings.ToLower(have), want)
	case "BinaryEquals":
		bytes, err := base64.StdEncoding.DecodeString(want)
		return err == nil && string(bytes) == have, true
	case "IpAddress", "NotIpAddress":
		return twinCompareIP(have, want)
	}
	if rest, found := strings.CutPrefix(base, "Numeric"); found {
		a, b := twinNumber(have), twinNumber(want)
		return a != nil && twinOrder(rest, a.Cmp(b)), a != nil
	}
	a, readable := twinDate(have)
	b, zoned := twinDate(want)
	if !zoned {
		b, _ = twinDate(want + "Z")
	}
	return readable && twinOrder(strings.TrimPrefix(base, "Date"), a.Compare(b)), readable
}

func (w *twin) compareBool(p twinPolicy, have, want string) (equal, readable bool) {
	isBool := func(s string) bool { return s == "true" || s == "false" }
	units, ok := w.expand(p, want, false)
	text := ""
	for _, u := range units {
		text += strings.ToLower(string(u.literal))
	}
	switch {
	case !isBool(have):
		return false, false
	case !ok:
		return false, true
	}
	return have == text, isBool(text)
}

func (w *twin) compareARN(p twinPolicy, have, want string) (equal, readable bool) {
	subject := strings.SplitN(have, ":", 6)
	if len(subject) != 6 || subject[0] != "arn" || want == "*" {
		return false, false
	}
	units, ok := w.expand(p, want, true)
	if !ok {
		return false, true
	}
	var segments [][]twinUnit
	segment := []twinUnit{}
	for _, u := range units {
		if u.literal == ':' && len(segments) < 5 {
			segments, segment = append(segments, segment), []twinUnit{}
			continue
		}
		segment = append(segment, u)
	}
	segments = append(segments, segment)
	if len(segments) != 6 {
		return false, true
	}
	for i := range segments {
		if !twinMatchUnits(segments[i], []rune(subject[i])) {
			return false, true
		}
	}
	return true, true
}

func twinCompareIP(have, want string) (equal, readable bool) {
	address := net.ParseIP(have)
	if address == nil {
		return false, false
	}
	if !strings.Contains(want, "/") {
		return net.ParseIP(want).Equal(address), true
	}
	_, network, err := net.ParseCIDR(want)
	if err != nil {
		panic(err)
	}
	return (network.IP.To4() == nil) == (address.To4() == nil) && network.Contains(address), true
}

var twinDecimal = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)$`)

func twinNumber(s string) *big.Rat {
	if !twinDecimal.MatchString(s) {
		return nil
	}
	n, _ := new(big.Rat).SetString(s)
	return n
}

func twinOrder(relation string, order int) bool {
	switch relation {
	case "LessThan":
		return order < 0
	case "LessThanEquals":
		return order <= 0
	case "GreaterThan":
		return order > 0
	case "GreaterThanEquals":
		return order >= 0
	}
	return order == 0
}

var twinEpoch = regexp.MustCompile(`^-?\d+$`)

func twinDate(s string) (time.Time, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if at, err := time.Parse(layout, s); err == nil && !strings.Contains(s, ",") {
			return at, true
		}
	}
	if !twinEpoch.MatchString(s) {
		return time.Time{}, false
	}
	seconds, ok := new(big.Int).SetString(s, 10)
	if !ok || !seconds.IsInt64() {
		return time.Time{}, false
	}
	return time.Unix(seconds.Int64(), 0), true
}
