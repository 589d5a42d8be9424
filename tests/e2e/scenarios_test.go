package e2e

import (
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
)

// A scenario is one thing that must hold in a running system.
type scenario struct {
	name string
	run  func(t *testing.T, sys *system)
}

// A group is the scenarios that run over the same kind of stack.
type group struct {
	name      string
	spec      func(t *testing.T) setup
	alone     bool // a stack for each scenario, which may break it
	scenarios []scenario
}

// groups run one after the other.
var groups = []group{
	{"safe", safe, false, []scenario{
		{"anonymous is challenged", anonymousIsChallenged},
		{"a wrong password is challenged", wrongPasswordIsChallenged},
		{"no right to log in is challenged", noLoginIsChallenged},
		{"log in", login},
		{"pull allowed", pullAllowed},
		{"pull allowed by the repository's policy", pullAllowedByRepository},
		{"pull denied by nobody's allow", pullDenied},
		{"pull denied by an explicit deny", pullDeniedExplicitly},
		{"pull denied without a body to say so", headDenied},
		{"push allowed", pushAllowed},
		{"push denied", pushDenied},
		{"a big blob streams up and down", bigBlob},
		{"mount allowed", mountAllowed},
		{"mount of a blob that may not be read", mountNotAllowed},
		{"push by a client that may not mount", pushWithMountNotAllowed},
		{"mount from anywhere", mountFromAnywhere},
		{"mount from what no repository can be", mountFromNoName},
		{"a host that servers read differently", oddHosts},
		{"tag list", tagList},
		{"catalog", catalog},
		{"delete", deleteManifest},
		{"delete of a blob is unsupported", deleteBlob},
		{"crane pulls", cranePulls},
		{"crane is denied", craneIsDenied},
		{"the access log has the decision", accessLog},
		{"no log has a query", queryIsNotLogged(withoutCertificates)},
	}},
	{"policies that extauthz init writes", started, false, []scenario{
		{"each template decides", scaffoldDecides},
	}},
	{"changing policies", safe, true, []scenario{
		{"right to log in taken away", loginTakenAway},
		{"edits of several files at the same time", editsTogether},
	}},
	{"policies that change under load", unpolled, false, []scenario{
		{"saved by programs", editsByPrograms},
		{"broken and fixed", brokenEdits},
		{"in folders that are replaced", replacedFolders},
		{"by nothing", sameContent},
	}},
	{"too much that changes at once", patient, false, []scenario{
		{"is not seen, but that is", queueOverflows},
	}},
	{"policies behind git-sync's link under load", unpolled, true, []scenario{
		{"are swapped", gitSync("", true)},
		{"are swapped with a folder above", gitSync("deploy/policies", false)},
	}},
	{"a ConfigMap under load", mounted(flatten), true, []scenario{
		{"is swapped", volumeSwaps(flatten)},
	}},
	{"a projected volume under load", mounted(project), true, []scenario{
		{"is swapped", volumeSwaps(project)},
	}},
	{"no inotify instance left", starved("instances", 0, "--poll-interval", "1s"), true, []scenario{
		{"changes are found by polling", foundByPolling("policies are compared by polling only")},
	}},
	{"no inotify watch left", starved("watches", 3, "--poll-interval", "1s"), true, []scenario{
		{"changes are found by polling", foundByPolling("a directory cannot be watched; its changes are found by polling")},
	}},
	{"no inotify instance left, and no poll", starved("instances", 0, "--poll-interval", "1h"), true, []scenario{
		{"changes are found by signal", foundBySignal},
	}},
	{"outage", safe, true, []scenario{
		{"extauthz killed and back", killedAndBack},
	}},
	{"existence hidden", optioned("hideExistence: true"), false, []scenario{
		{"what may not be read is not there", hidden},
	}},
	{"existence hidden from anybody", publicHidden, false, []scenario{
		{"what may not be read is like what is not there", hiddenFromAnonymous},
	}},
	{"only the action told", optioned("detail: action"), false, []scenario{
		{"a denial names the action", denialNamesAction},
	}},
	{"nothing told", optioned("detail: none"), false, []scenario{
		{"a denial is one", denialNamesNothing},
	}},
	{"the token asked once", optioned("authorizationTokenOnlyAtLogin: true"), false, []scenario{
		{"right to log in taken away", loginCheckedOnce},
	}},
	{"an inventory", listed, false, []scenario{
		{"a push that creates a repository", creatingNeedsPermission},
	}},
	{"no repository assumed", optioned("assumeMissing: true"), false, []scenario{
		{"every push creates a repository", allMissing},
	}},
	{"names as ECR allows them", optioned("ecrNames: true"), false, []scenario{
		{"mount from a name that ECR does not allow", mountFromNoECRName},
		{"mount from what no repository can be", mountFromNoName},
	}},
	{"a registry that cleans names", beforeOlareg, false, []scenario{
		{"mount from what no repository can be", mountsInOlareg},
	}},
	{"another host", elsewhere, false, []scenario{
		{"requests for a host that is no registry's", misdirected},
	}},
	{"certificates", mutualTLS, false, []scenario{
		{"a certificate's URI is a principal", certificateIsPrincipal},
		{"a certificate's DNS name is a principal", certificateDNSName},
		{"a name of another kind is none", certificateOfAnotherKind},
		{"an unknown name is none", certificateUnknown},
		{"no certificate, no connection", certificateMissing},
		{"no log has a query", queryIsNotLogged(asBuilder)},
	}},
	{"certificates by pattern", workloads, false, []scenario{
		{"names that are principals", workloadNames},
		{"names that are nobody's", workloadsWithoutPrincipal},
		{"tags of sessions", workloadTags},
		{"a service for a resource", serviceForResource},
		{"forged headers", workloadForged},
	}},
	{"certificates, tokens and passwords on one listener", combined, false, []scenario{
		{"each kind proves a caller", eachKindOfCaller},
		{"a wrong credential does not fall through to another", wrongCredentials},
		{"an untrusted certificate ends the connection", untrustedCertificates},
		{"a certificate decides beside another credential", twoCredentials},
		{"a client without a certificate is served and forges none", withoutCertificate},
		{"a certificate is not replaced by a header", certificateNotForged},
		{"no log has a query", queryIsNotLogged(overTLSWithoutCertificate)},
	}},
	{"a trusted proxy", overTokens, false, []scenario{
		{"says who calls", trustedHeader},
		{"is not to be imitated", forgedHeader},
	}},
	{"a proxy's header of another name", overOtherHeader, false, []scenario{
		{"is nobody", headerOfAnotherName},
	}},
	{"tokens", tokens, false, []scenario{
		{"prove callers", tokensIdentifyCallers},
		{"made otherwise", invalidTokens},
		{"in odd places", tokensInOddPlaces},
		{"beside passwords in odd shapes", passwordsInOddShapes},
		{"assume roles by their trust policies", trustPolicies},
		{"have the rights of roles and tags", rightsOfTokens},
		{"forged headers beside them", forgedByClients},
	}},
	{"tokens extracted from anywhere", extractingAnywhere, false, []scenario{
		{"prove callers", tokensIdentifyCallers},
		{"made otherwise", invalidTokens},
		{"in odd places", tokensInOddPlaces},
	}},
	{"logging in with tokens", tokens, false, []scenario{
		{"crane", craneLogsIn},
		{"crane with a Bearer token", craneSendsBearer},
		{"crane is told why not", craneShowsReason},
		{"docker", dockerLogsIn},
	}},
	{"a token service", tokenService, false, []scenario{
		{"is named in the challenge", bearerChallenge},
		{"grants tokens to crane", craneGetsToken},
	}},
	{"secrets", verboseLog, false, []scenario{
		{"in no log", secretsStaySecret},
		{"no log has a query", queryIsNotLogged(withoutCertificates)},
	}},
	{"a flood", withNewcomers, true, []scenario{
		{"of wrong passwords from 8 guessers", wrongPasswords(8, 0)},
		{"of wrong passwords from 128 guessers", wrongPasswords(128, newcomers)},
	}},
	{"an overload", limitedProcess, true, []scenario{
		{"of connections, guesses and policies at the same time", overload},
	}},
	{"what AWS prints", exported, false, []scenario{
		{"decides each request for its own reason", asExported},
		{"in two accounts and regions", exportedElsewhere},
		{"in two units of an organization", exportedUnits},
		{"says who assumes which role", exportedTrust},
		{"with clients", exportedClients},
	}},
	{"two registries", meshed, false, []scenario{
		{"keep to themselves", twoRegistries},
	}},
	{"a public registry", public, false, []scenario{
		{"is open to anybody", anonymousPulls},
		{"is open to anybody's crane", anonymousCranePulls},
		{"is open to anybody's skopeo", anonymousSkopeoInspects},
	}},
	{"nobody before Envoy", withoutHops, false, []scenario{
		{"the peer is the client", peerIsClient},
		{"the connection is the peer's", peerIsPlain},
	}},
	{"a proxy before Envoy", withOneHop, false, []scenario{
		{"the client is behind it", clientBehindProxy},
	}},
	{"a proxy before Envoy, whose address is known", withListedHop, false, []scenario{
		{"the client comes by it or is refused", clientAroundProxy},
	}},
	{"changing mappings", tokens, true, []scenario{
		{"well and badly", mappingsChange},
		{"names that are too long", longNames},
		{"another key in the file", keyFileChanges},
		{"tokens made for another service", foreignTokens},
		{"tags that a token passes", sessionTags},
		{"groups in a list", groupLists},
	}},
	{"recording upstream", nil, true, []scenario{
		{"the credential ends at Envoy", credentialEndsAtEnvoy},
		{"nothing passes without an answer", nothingPassesUnanswered},
		{"a check that cannot be read is denied", unreadableIsDenied},
	}},
}

// untimed are groups in which no time counts: they run beside each other.
var untimed = []group{
	{"keys from a URL", tokens, true, []scenario{
		{"rotate, and outlast the issuer", keysRotate},
	}},
	{"keys from a URL that hangs", hanging, false, []scenario{
		{"are waited for by who needs them", issuerHangs},
	}},
	{"the mapping's own requests", nil, true, []scenario{
		{"through a safe Envoy", sheetThroughSafe},
		{"through a lax Envoy", sheetThroughLax},
		{"through one that shows headers as text", sheetThroughText},
		{"forwarded as judged", forwardedAsChecked},
	}},
	{"bytes over HTTP/2", nil, true, []scenario{
		{"through a safe Envoy", http2ThroughSafe},
		{"through a lax Envoy", http2ThroughLax},
		{"through one that shows headers as text", http2ThroughText},
	}},
	{"lax", lax, false, []scenario{
		{"hostile requests", hostileRequests},
		{"mount of a blob that may not be read", mountNotAllowed},
		{"mount from what no repository can be", mountFromNoName},
		{"pull allowed", pullAllowed},
	}},
	{"lax, headers as text", laxText, false, []scenario{
		{"hostile requests", hostileRequests},
		{"mount of a blob that may not be read", mountNotAllowed},
		{"pull allowed", pullAllowed},
	}},
}

// TestScenarios runs the tables.
func TestScenarios(t *testing.T) {
	for _, g := range groups {
		t.Run(g.name, g.run)
	}
	for _, g := range untimed {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.run(t)
		})
	}
}

func (g *group) run(t *testing.T) {
	var shared *system
	if !g.alone {
		shared = newSystem(t, g.spec(t))
	}
	for _, s := range g.scenarios {
		t.Run(s.name, func(t *testing.T) {
			sys := shared
			if g.alone && g.spec != nil {
				sys = newSystem(t, g.spec(t))
			}
			s.run(t, sys)
		})
	}
}

// safe is the Envoy of the quickstart, which normalises paths.
func safe(*testing.T) setup {
	return setup{Spec: stack.Spec{Envoy: quickstart()}}
}

// quickstart is the Envoy configuration of the quickstart.
func quickstart() string { return filepath.Join(stack.Root(), "examples", "quickstart", "envoy.yaml") }

// lax is an Envoy that leaves every path as it is and has one route for all.
func lax(*testing.T) setup {
	return setup{Spec: stack.Spec{Envoy: filepath.Join("testdata", "envoy-lax.yaml")}}
}

// laxText is the same with headers in the other encoding of a CheckRequest: as
// text, in a map that has each name once.
func laxText(t *testing.T) setup {
	t.Helper()
	spec := lax(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		filter(t, listener, "envoy.filters.http.ext_authz")["encode_raw_headers"] = false
	})
	return spec
}
