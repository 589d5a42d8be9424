package iam

import (
	"encoding/json"
	"slices"
	"strings"
)

// A twin is a second evaluator, which follows the rules as literally as possible: it works
// on decoded JSON, splits and expands texts for every request, and does not share code
// with the package.

type twinPolicy struct {
	kind       Kind
	version    string
	statements []twinStatement
}

type twinStatement map[string]any

type twin struct {
	identity, boundary, session, resource []twinPolicy
	scps, rcps                            [][]twinPolicy
	resourceAccount, managementAccount    string
	request                               *Request
}

// twinDecode decodes a document that Compile has accepted.
func twinDecode(kind Kind, text string) twinPolicy {
	var document struct {
		Version   string
		Statement any
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		panic(err)
	}
	p := twinPolicy{kind: kind, version: document.Version}
	for _, s := range twinList(document.Statement) {
		p.statements = append(p.statements, s.(map[string]any))
	}
	return p
}

func twinList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// decide follows the decision procedure, rule by rule.
func (w twin) decide() Decision {
	caller := w.request.Principal
	if caller == nil || caller.Kind == UnknownPrincipal {
		return ImplicitDeny
	}
	hasAccount := slices.Contains([]PrincipalKind{RootUser, User, AssumedRole, FederatedUser, UnnamedPrincipal}, caller.Kind)
	owner := w.owner()
	w.leaveOut(hasAccount, owner)

	// An explicit deny anywhere wins.
	for _, p := range slices.Concat(w.identity, w.boundary, w.session, w.resource, slices.Concat(w.scps...), slices.Concat(w.rcps...)) {
		for _, s := range p.statements {
			if s["Effect"] == "Deny" && w.applies(p, s) {
				return ExplicitDeny
			}
		}
	}
	for _, level := range w.scps {
		if !w.allows(level) {
			return ImplicitDeny
		}
	}
	forms := w.grantingForms()
	trust := strings.HasPrefix(strings.ToLower(w.request.Action), "sts:") && strings.Contains(w.request.Resource, ":role/")
	everyone := slices.Contains(forms, "everyone")
	direct := slices.Contains(forms, "exact") || everyone && !trust
	through := slices.Contains(forms, "through") || everyone
	if !hasAccount {
		return twinAllowedIf(direct)
	}
	identity := w.allows(w.identity)
	boundary := len(w.boundary) == 0 || w.allows(w.boundary)
	session := w.allows(w.session)
	if len(w.session) == 0 {
		session = caller.Kind != FederatedUser
	}
	samePartition := w.request.Resource == "*" ||
		strings.Split(w.request.Resource, ":")[1] == strings.Split(caller.ARN, ":")[1]
	root := caller.Kind == RootUser
	switch {
	case root && trust:
		return ImplicitDeny
	case trust && !direct && !through:
		return twinAllowedIf(identity && boundary && session && len(forms) > 0)
	case caller.Account != owner || !samePartition:
		return twinAllowedIf(identity && boundary && session && len(forms) > 0)
	case direct:
		return Allowed
	case through || root:
		return twinAllowedIf(boundary && session)
	}
	return twinAllowedIf(identity && boundary && session)
}

// owner is the account that the resource belongs to.
func (w *twin) owner() string {
	if w.resourceAccount != "" {
		return w.resourceAccount
	}
	if segments := strings.SplitN(w.request.Resource, ":", 6); len(segments) == 6 && segments[4] != "" {
		return segments[4]
	}
	return w.request.Principal.Account
}

// leaveOut removes the policies that do not apply.
func (w *twin) leaveOut(hasAccount bool, owner string) {
	caller := w.request.Principal
	linked := caller.Kind == AssumedRole && strings.Contains(caller.RoleARN, ":role/aws-service-role/")
	if !hasAccount {
		w.identity, w.boundary, w.session, w.scps = nil, nil, nil, nil
	}
	if linked || caller.Account == w.managementAccount && w.managementAccount != "" {
		w.scps = nil
	}
	if linked || owner == w.managementAccount && w.managementAccount != "" {
		w.rcps = nil
	}
}

func twinAllowedIf(allowed bool) Decision {
	if allowed {
		return Allowed
	}
	return ImplicitDeny
}

func (w *twin) allows(policies []twinPolicy) bool {
	for _, p := range policies {
		for _, s := range p.statements {
			if s["Effect"] == "Allow" && w.applies(p, s) {
				return true
			}
		}
	}
	return false
}

// grantingForms returns the ways in which the resource-based policies allow.
func (w *twin) grantingForms() []string {
	var forms []string
	if w.resourceless() {
		return nil
	}
	for _, p := range w.resource {
		for _, s := range p.statements {
			if s["Effect"] == "Allow" && w.applies(p, s) {
				forms = append(forms, w.forms(s["Principal"])...)
			}
		}
	}
	return forms
}

// applies reports whether all elements of a statement match.
func (w *twin) applies(p twinPolicy, s twinStatement) bool {
	if not, found := s["NotPrincipal"]; found && len(w.boundary) == 0 && w.listsAll(not) {
		return false
	}
	if principal, found := s["Principal"]; found && len(w.forms(principal)) == 0 {
		return false
	}
	return w.actionMatches(s) && w.resourceMatches(p, s) && w.conditionsHold(p, s)
}

// listsAll reports whether the entries of a NotPrincipal name every principal of
// the request: each of the ARNs below has to be in the list.
func (w *twin) listsAll(element any) bool {
	forms := w.forms(element)
	required := map[PrincipalKind][]string{
		RootUser:      {"account"},
		User:          {"account", "exact"},
		AssumedRole:   {"account", "through", "exact"},
		FederatedUser: {"account", "through", "exact"},
		Service:       {"exact"},
		Anonymous:     {"everyone"},
		// No entry but "*" names it.
		UnnamedPrincipal: {"everyone"},
	}
	for _, form := range required[w.request.Principal.Kind] {
		if !slices.Contains(forms, form) && !slices.Contains(forms, "everyone") {
			return false
		}
	}
	return true
}

// forms returns how the entries of a Principal element name the caller:
// "everyone", "exact" for the caller itself, "through" for its role or the
// user who federated it, "account".
func (w *twin) forms(element any) []string {
	caller := w.request.Principal
	if element == "*" {
		return []string{"everyone"}
	}
	var forms []string
	for sort, entries := range element.(map[string]any) {
		for _, entry := range twinList(entries) {
			text := entry.(string)
			switch {
			case sort == "AWS" && text == "*":
				forms = append(forms, "everyone")
			case sort == "Service":
				if caller.Kind == Service && text == caller.ARN {
					forms = append(forms, "exact")
				}
			case sort == "AWS" && text == caller.ARN && caller.Kind != RootUser && caller.Kind != UnnamedPrincipal:
				forms = append(forms, "exact")
			case sort == "AWS":
				forms = append(forms, w.indirectForms(text)...)
			}
		}
	}
	return forms
}

func (w *twin) indirectForms(text string) []string {
	caller := w.request.Principal
	if caller.Account == "" {
		return nil
	}
	own := strings.Split(caller.ARN, ":")
	if !strings.Contains(text, ":") {
		partition := own[1]
		if w.request.Resource != "*" {
			partition = strings.Split(w.request.Resource, ":")[1]
		}
		if text == caller.Account && partition == own[1] {
			return []string{"account"}
		}
		return nil
	}
	if text == "arn:"+own[1]+":iam::"+caller.Account+":root" {
		return []string{"account"}
	}
	if caller.Kind == FederatedUser && text == caller.UserARN {
		return []string{"through"}
	}
	prefix := "arn:" + own[1] + ":iam::" + caller.Account + ":role/"
	if caller.Kind == AssumedRole && strings.HasPrefix(text, prefix) {
		path := strings.Split(text, "/")
		if strings.EqualFold(path[len(path)-1], strings.Split(caller.ARN, "/")[1]) {
			return []string{"through"}
		}
	}
	return nil
}

func (w *twin) actionMatches(s twinStatement) bool {
	named := func(element any) bool {
		for _, a := range twinList(element) {
			if twinMatch(strings.ToLower(a.(string)), strings.ToLower(w.request.Action)) {
				return true
			}
		}
		return false
	}
	if not, found := s["NotAction"]; found {
		return !named(not)
	}
	return named(s["Action"])
}

func (w *twin) resourceMatches(p twinPolicy, s twinStatement) bool {
	effect := s["Effect"].(string)
	for _, name := range []string{"Resource", "NotResource"} {
		for _, r := range twinList(s[name]) {
			pattern, _ := r.(string)
			if segments := strings.SplitN(pattern, ":", 6); len(segments) == 6 && w.dependsOnAmbiguous(p, segments[5]) {
				return effect == "Deny"
			}
		}
	}
	if element, found := s["Resource"]; found {
		for _, r := range twinList(element) {
			if matched, _ := w.oneResource(p, r.(string), effect, effect); matched {
				return true
			}
		}
		return false
	}
	element, found := s["NotResource"]
	if !found {
		return true
	}
	for _, r := range twinList(element) {
		matched, beginning := w.oneResource(p, r.(string), "", effect)
		if matched || beginning && effect == "Allow" {
			return false
		}
	}
	return true
}

// resourceless are the generator's two actions without a resource type. Only "*" covers
// them, and only in identity policies.
func (w *twin) resourceless() bool {
	return slices.Contains([]string{"ecr:getauthorizationtoken", "ecr:getregistrypolicy"}, strings.ToLower(w.request.Action))
}

// oneResource matches one pattern. A pattern with a variable without a value
// does not match; beginning is then whether the text before that variable matches the
// beginning of the resource.
func (w *twin) oneResource(p twinPolicy, pattern, effect, whole string) (matched, beginning bool) {
	if pattern == "*" {
		return true, false
	}
	for p.kind != RepositoryPolicy && strings.Count(pattern, ":") < 5 {
		pattern += ":*"
	}
	segments := strings.SplitN(pattern, ":", 6)
	if effect == "Allow" && strings.ContainsAny(segments[2], "*?") {
		return false, false
	}
	subject := strings.SplitN(w.request.Resource, ":", 6)
	if len(subject) != 6 || whole == "Allow" && w.resourceless() {
		return false, false
	}
	for i := range 5 {
		if !twinMatch(segments[i], subject[i]) {
			return false, false
		}
	}
	last, ok := w.expand(p, segments[5], true)
	if !ok {
		last = append(w.beforeNull(p, segments[5]), twinUnit{wildcard: '*'})
	}
	matched = twinMatchUnits(last, []rune(subject[5]))
	return ok && matched, !ok && matched
}

// beforeNull expands the longest part of a text that ends before a variable and
// has a value.
func (w *twin) beforeNull(p twinPolicy, text string) (units []twinUnit) {
	for _, at := range twinVariable.FindAllStringIndex(text, -1) {
		if before, ok := w.expand(p, text[:at[0]], true); ok {
			units = before
		}
	}
	return units
}
