package e2e

import (
	"net/http"
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
)

// A scenario is one thing that must be true of a running system.
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
		{"a user without the right to log in is challenged", noLoginIsChallenged},
		{"log in", login},
		{"pull allowed", pullAllowed},
		{"pull allowed by the repository's policy", pullAllowedByRepository},
		{"pull denied because no policy allows it", pullDenied},
		{"pull denied by an explicit deny", pullDeniedExplicitly},
		{"denied HEAD without a body", headDenied},
		{"push allowed", pushAllowed},
		{"push denied", pushDenied},
		{"a big blob streams up and down", bigBlob},
		{"mount allowed", mountAllowed},
		{"mount of a blob that the user may not read", mountNotAllowed},
		{"push by a client that is not allowed to mount", pushWithMountNotAllowed},
		{"mount without a source", mountFromAnywhere},
		{"mount from an impossible repository name", mountFromNoName},
		{"a host that servers read differently", oddHosts},
		{"tag list", tagList},
		{"catalog", catalog},
		{"delete", deleteManifest},
		{"delete of a blob is unsupported", deleteBlob},
		{"crane pulls", cranePulls},
		{"crane pushes", cranePushes},
		{"crane is denied", craneIsDenied},
		{"the access log contains the decision", accessLog},
		{"a push is tried", pushIsTried},
		{"the ID of a decision is in the answer and in both logs", decisionIDs},
		{"the ID of the decision on an allowed request is in both logs", allowedDecisionID},
		{"no log contains a query", queryIsNotLogged(withoutCertificates)},
		{"extauthz doctor has no finding", doctorHasNoFinding},
	}},
	{"the ID of the decision in every response", withIDs, false, []scenario{
		{"is that of the metadata and of the log", idInEveryAnswer},
	}},
	{"changes of policies", loggingToFile, true, []scenario{
		{"are reported by diff and replay", changeIsReported},
		{"to generated policies allow the same traffic", generatedPoliciesSuffice},
	}},
	{"encoded authorization messages", withMessages, false, []scenario{
		{"lead a denied push to the policy", deniedPushLeadsToPolicy},
		{"are only in denials by policies", messagesAreWithheld},
	}},
	{"policies that extauthz init writes", scaffolded, false, []scenario{
		{"each template allows and denies", scaffoldDecides},
	}},
	{"changing policies", safe, true, []scenario{
		{"right to log in removed", loginTakenAway},
		{"edits of several files at the same time", concurrentEdits},
	}},
	{"policies that change under load", unpolled, false, []scenario{
		{"saved by programs", editsByPrograms},
		{"broken and fixed", brokenEdits},
		{"in folders that are replaced", replacedFolders},
		{"to the same content", sameContent},
	}},
	{"more events than the queue can contain", unpolled, false, []scenario{
		{"are detected as an overflow", queueOverflows},
	}},
	{"policies behind git-sync's link under load", unpolled, true, []scenario{
		{"are swapped", gitSync("", true)},
		{"are swapped with a folder above", gitSync("deploy/policies", false)},
	}},
	{"a ConfigMap under load", mounted(flatten), true, []scenario{
		{"generations are swapped", volumeSwaps(flatten)},
	}},
	{"a projected volume under load", mounted(project), true, []scenario{
		{"generations are swapped", volumeSwaps(project)},
	}},
	{"no inotify instance left", starved("instances", 0, "--poll-interval", "1s"), true, []scenario{
		{"changes are found by polling", foundByPolling("changes are found by polling only")},
	}},
	{"no inotify watch left", starved("watches", 3, "--poll-interval", "1s"), true, []scenario{
		{"changes are found by polling", foundByPolling("a directory cannot be watched; its changes are found by polling")},
	}},
	{"no inotify instance left, and no poll", starved("instances", 0, "--poll-interval", "1h"), true, []scenario{
		{"changes are found by signal", foundBySignal},
	}},
	{"outage", safe, true, []scenario{
		{"extauthz is killed and restarted", killedAndBack},
	}},
	{"existence hidden", optioned("hideExistence: true"), false, []scenario{
		{"a repository that the user may not read does not exist", hidden},
	}},
	{"existence hidden from anonymous callers", publicHidden, false, []scenario{
		{"a hidden repository is like one that does not exist", hiddenFromAnonymous},
	}},
	{"denials with the action only", optioned("detail: action"), false, []scenario{
		{"a denial names the action", denialNamesAction},
	}},
	{"denials without detail", optioned("detail: none"), false, []scenario{
		{"a denial contains no detail", denialNamesNothing},
	}},
	{"ecr:GetAuthorizationToken only at login", optioned("authorizationTokenOnlyAtLogin: true"), false, []scenario{
		{"right to log in removed", loginCheckedOnce},
	}},
	{"an inventory", listed, false, []scenario{
		{"a push that creates a repository", creatingNeedsPermission},
	}},
	{"every repository assumed missing", optioned("assumeMissing: true"), false, []scenario{
		{"every push creates a repository", allMissing},
	}},
	{"ECR's rules for names", optioned("ecrNames: true"), false, []scenario{
		{"mount from a name that ECR does not allow", mountFromNoECRName},
		{"mount from an impossible repository name", mountFromNoName},
	}},
	{"a registry that cleans names", beforeOlareg, false, []scenario{
		{"mount from an impossible repository name", mountsInOlareg},
	}},
	{"a registry with a password of its own", withPassword, true, []scenario{
		{"receives it with allowed requests", registryNeedsItsPassword},
		{"receives another one after a change", registryPasswordChanges(http.StatusUnauthorized)},
	}},
	{"a registry with a token service of its own", withRealm, true, []scenario{
		{"receives its tokens with allowed requests", registryNeedsItsPassword},
		{"receives no request without a token", registryPasswordChanges(http.StatusServiceUnavailable)},
	}},
	{"another host", elsewhere, false, []scenario{
		{"requests for a host of no registry", misdirected},
	}},
	{"certificates", mutualTLS, false, []scenario{
		{"a certificate's URI is a principal", certificateIsPrincipal},
		{"a certificate's DNS name is a principal", certificateDNSName},
		{"a name of another kind is not a principal", certificateOfAnotherKind},
		{"an unknown name is not a principal", certificateUnknown},
		{"no certificate, no connection", certificateMissing},
		{"no log contains a query", queryIsNotLogged(asBuilder)},
	}},
	{"certificates by pattern", workloads, false, []scenario{
		{"names that map to principals", workloadNames},
		{"names that map to no principal", workloadsWithoutPrincipal},
		{"tags of sessions", workloadTags},
		{"a service for a resource", serviceForResource},
		{"forged headers", workloadForged},
	}},
	{"certificates, tokens and passwords on one listener", combined, false, []scenario{
		{"each kind authenticates a caller", eachKindOfCaller},
		{"a wrong credential does not fall through to another", wrongCredentials},
		{"an untrusted certificate ends the connection", untrustedCertificates},
		{"a certificate takes precedence over another credential", twoCredentials},
		{"a client without a certificate is served and cannot forge one", withoutCertificate},
		{"a certificate is not replaced by a header", certificateNotForged},
		{"no log contains a query", queryIsNotLogged(overTLSWithoutCertificate)},
	}},
	{"a trusted proxy", overTokens, false, []scenario{
		{"identifies the caller", trustedHeader},
		{"cannot be imitated", forgedHeader},
	}},
	{"a proxy's header of another name", overOtherHeader, false, []scenario{
		{"identifies no caller", headerOfAnotherName},
	}},
	{"tokens", tokens, false, []scenario{
		{"identify callers", tokensIdentifyCallers},
		{"invalid", invalidTokens},
		{"in odd places", tokensInOddPlaces},
		{"with passwords in odd shapes", passwordsInOddShapes},
		{"assume roles by their trust policies", trustPolicies},
		{"have the rights of roles and tags", rightsOfTokens},
		{"with forged headers", forgedByClients},
	}},
	{"callers sign in", signIns, false, []scenario{
		{"and learn where", signInChallenge},
		{"and are the same callers", signInIdentifies},
		{"and cannot choose their address", signInAddress},
		{"and their secrets stay secret", signInSecrets},
		{"with crane", craneSignsIn},
		{"with Docker", dockerSignsIn},
		{"with extauthz login-password", loginPasswords},
		{"for a kubelet", kubeletPulls},
		{"and push for longer than their token is valid", pushOutlivesToken},
	}},
	{"session keys", signIns, true, []scenario{
		{"are rotated by one of two sidecars", sessionKeysRotate},
		{"with a fault change nothing", keepsServing},
	}},
	{"tokens extracted from anywhere", extractingAnywhere, false, []scenario{
		{"identify callers", tokensIdentifyCallers},
		{"invalid", invalidTokens},
		{"in odd places", tokensInOddPlaces},
	}},
	{"logging in with tokens", tokens, false, []scenario{
		{"crane", craneLogsIn},
		{"crane with a Bearer token", craneSendsBearer},
		{"crane prints the reason", craneShowsReason},
		{"docker", dockerLogsIn},
	}},
	{"a token service", tokenService, false, []scenario{
		{"is named in the challenge", bearerChallenge},
		{"grants tokens to crane", craneGetsToken},
	}},
	{"secrets", verboseLog, false, []scenario{
		{"are in no log", secretsStaySecret},
		{"no log contains a query", queryIsNotLogged(withoutCertificates)},
	}},
	{"a flood", withNewcomers, true, []scenario{
		{"of wrong passwords from 8 guessers", wrongPasswords(8, 0)},
		{"of wrong passwords from 128 guessers", wrongPasswords(128, newcomers)},
	}},
	{"an overload", limitedProcess, true, []scenario{
		{"of connections, guesses and policies at the same time", overload},
	}},
	{"outputs of the AWS CLI", exported, false, []scenario{
		{"decide each request for the right reason", asExported},
		{"in two accounts and regions", exportedElsewhere},
		{"in two units of an organization", exportedUnits},
		{"decide who assumes which role", exportedTrust},
		{"with clients", exportedClients},
	}},
	{"two registries", meshed, false, []scenario{
		{"are separate", twoRegistries},
	}},
	{"a public registry", public, false, []scenario{
		{"is open to anonymous callers", anonymousPulls},
		{"is open to anonymous crane", anonymousCranePulls},
		{"is open to anonymous skopeo", anonymousSkopeoInspects},
	}},
	{"no proxy in front of Envoy", withoutHops, false, []scenario{
		{"the peer is the client", peerIsClient},
		{"the connection is the peer's", peerIsPlain},
	}},
	{"a proxy in front of Envoy", withOneHop, false, []scenario{
		{"the client is behind it", clientBehindProxy},
	}},
	{"a proxy in front of Envoy with a listed address", withListedHop, false, []scenario{
		{"the client connects through it or is refused", clientAroundProxy},
	}},
	{"changing mappings", tokens, true, []scenario{
		{"valid and invalid", mappingsChange},
		{"names that are too long", longNames},
		{"another key in the file", keyFileChanges},
		{"tokens made for another service", foreignTokens},
		{"tags that a token passes", sessionTags},
		{"groups in a list", groupLists},
	}},
	{"recording upstream", nil, true, []scenario{
		{"the credential stops at Envoy", credentialEndsAtEnvoy},
		{"nothing passes without an answer", nothingPassesUnanswered},
		{"a check that cannot be read is denied", unreadableIsDenied},
		{"a dry run is never forwarded", dryRunIsNotForwarded},
	}},
}

// untimed are groups in which no time matters: they run in parallel.
var untimed = []group{
	{"keys from a URL", tokens, true, []scenario{
		{"rotate, and outlast the issuer", keysRotate},
	}},
	{"keys from a URL that hangs", hanging, false, []scenario{
		{"block only requests that need them", issuerHangs},
	}},
	{"the mapping's cases", nil, true, []scenario{
		{"through a safe Envoy", casesThroughSafe},
		{"through a lax Envoy", casesThroughLax},
		{"through one that sends headers as text", casesThroughText},
		{"forwarded as checked", forwardedAsChecked},
	}},
	{"bytes over HTTP/2", nil, true, []scenario{
		{"through a safe Envoy", http2ThroughSafe},
		{"through a lax Envoy", http2ThroughLax},
		{"through one that sends headers as text", http2ThroughText},
	}},
	{"lax", lax, false, []scenario{
		{"hostile requests", hostileRequests},
		{"mount of a blob that the user may not read", mountNotAllowed},
		{"mount from an impossible repository name", mountFromNoName},
		{"pull allowed", pullAllowed},
	}},
	{"lax, headers as text", laxText, false, []scenario{
		{"hostile requests", hostileRequests},
		{"mount of a blob that the user may not read", mountNotAllowed},
		{"pull allowed", pullAllowed},
	}},
}

// TestScenarios runs the tables.
func TestScenarios(t *testing.T) {
	t.Cleanup(func() { wantKindsOfLines(t) }) // after the parallel groups
	for _, g := range groups {
		if needsProcesses(g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) { g.run(t, false) })
	}
	for _, g := range untimed {
		if needsProcesses(g.name) {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.run(t, true)
		})
	}
}

// run runs the scenarios of the group: in parallel if parallel is set and they do not share a
// system.
func (g *group) run(t *testing.T, parallel bool) {
	var shared *system
	if !g.alone {
		shared = newSystem(t, g.spec(t))
	}
	for _, s := range g.scenarios {
		if needsProcesses(s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			if parallel && g.alone {
				t.Parallel()
			}
			sys := shared
			if g.alone && g.spec != nil {
				sys = newSystem(t, g.spec(t))
			}
			s.run(t, sys)
		})
	}
}

// safe is the Envoy of the quickstart, which normalizes paths.
func safe(*testing.T) setup {
	return setup{Spec: stack.Spec{Envoy: quickstart()}}
}

// quickstart is the Envoy configuration of the quickstart.
func quickstart() string { return filepath.Join(stack.Root(), "examples", "quickstart", "envoy.yaml") }

// lax is an Envoy that leaves every path unchanged and has one route.
func lax(*testing.T) setup {
	return setup{Spec: stack.Spec{Envoy: filepath.Join("testdata", "envoy-lax.yaml")}}
}

// laxText is the same with the other encoding of headers in a CheckRequest: as text, in a map
// that has each name once.
func laxText(t *testing.T) setup {
	t.Helper()
	spec := lax(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		filter(t, listener, "envoy.filters.http.ext_authz")["encode_raw_headers"] = false
	})
	return spec
}
