package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"extauthz/identity"
	"extauthz/mapping"
)

const twoRegistries = `
registries:
- {name: a, hosts: [a.example.com, "a.example.com:5000", "[::1]"], account: "111111111111", region: eu-central-1}
- {name: b, hosts: ["b.example.com:8443"], account: "222222222222", region: cn-north-1, partition: aws-cn, byHost: true, realm: B, tls: true}
`

// TestFindRegistry checks which registry a name and a host select.
func TestFindRegistry(t *testing.T) {
	all, err := ParseRegistries([]byte(twoRegistries))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ test, name, host, want, failure string }{
		{"named", "a", "a.example.com", "a", ""},
		{"another port", "a", "a.example.com:1234", "a", ""},
		{"capitals", "a", "A.Example.Com", "a", ""},
		{"IPv6", "a", "[::1]", "a", ""},
		{"IPv6 with port", "a", "[::1]:5000", "a", ""},
		{"port in registries.yaml", "b", "b.example.com:8443", "b", ""},
		{"port that is not in registries.yaml", "b", "b.example.com:8444", "", "not a host of registry"},
		{"no port, if registries.yaml has one", "b", "b.example.com", "", "not a host of registry"},
		{"b's host at a's Envoy", "a", "b.example.com:8443", "", "not a host of registry"},
		{"unknown name", "c", "a.example.com", "", `name registry "c"`},
		{"by host", "", "b.example.com:8443", "b", ""},
		{"by host without byHost", "", "a.example.com", "", "name no registry"},
		{"no host", "a", "", "", "not a host of registry"},
		{"trailing dot", "a", "a.example.com.", "", "not a host of registry"},
		{"two hosts joined", "a", "a.example.com,b.example.com", "", "not a host of registry"},
		{"user in front", "a", "x:secret@a.example.com", "", `host "a.example.com" is not a host of registry`},
		{"Kelvin sign", "a", "a.example.com\u212a", "", "not a host of registry"},
	} {
		t.Run(c.test, func(t *testing.T) {
			r, err := all.Find(c.name, c.host)
			switch {
			case c.want != "" && (err != nil || r.Name != c.want):
				t.Errorf("registry %v, error %v; want %s", r, err, c.want)
			case c.want == "" && (err == nil || r != nil || !strings.Contains(err.Error(), c.failure)):
				t.Errorf("registry %v, error %v; want %q", r, err, c.failure)
			}
		})
	}
}

func TestParseRegistries(t *testing.T) {
	all, err := ParseRegistries([]byte(twoRegistries))
	if err != nil {
		t.Fatal(err)
	}
	if a := all.Named("a"); a.RepositoryARN("team/app") != "arn:aws:ecr:eu-central-1:111111111111:repository/team/app" || a.Challenge != (Challenge{Realm: "a"}) || a.TLS {
		t.Errorf("a is %+v", a)
	}
	if b := all.Named("b"); b.RepositoryARN("app") != "arn:aws-cn:ecr:cn-north-1:222222222222:repository/app" || b.Challenge != (Challenge{Realm: "B"}) || !b.TLS {
		t.Errorf("b is %+v", b)
	}
}

func TestRegistryOptions(t *testing.T) {
	const plain = `registries: [{name: a, hosts: [h], account: "111111111111", region: eu-central-1`
	for _, c := range []struct {
		name, options string
		want          RegistrySettings
	}{
		{"none", "", RegistrySettings{Detail: FullDetail, DryRun: true}},
		{"no dry runs", ", disableDryRun: true", RegistrySettings{Detail: FullDetail}},
		{"dry runs", ", disableDryRun: false", RegistrySettings{Detail: FullDetail, DryRun: true}},
		{"full", ", detail: full", RegistrySettings{Detail: FullDetail}},
		{"action", ", detail: action", RegistrySettings{Detail: ActionDetail}},
		{"nothing", ", detail: none, hideExistence: true", RegistrySettings{Detail: NoDetail, HideExistence: true}},
		{"creating", ", assumeMissing: true", RegistrySettings{Detail: FullDetail, Settings: mapping.Settings{AssumeMissing: true}}},
		{"login", ", authorizationTokenOnlyAtLogin: true", RegistrySettings{Detail: FullDetail, AuthorizationTokenOnlyAtLogin: true}},
		{"mapping", ", ecrNames: true, deleteBlobs: true, pullThrough: [docker-hub, ROOT]",
			RegistrySettings{Detail: FullDetail, Settings: mapping.Settings{ECRNames: true, DeleteBlobs: true, PullThrough: []string{"docker-hub", "ROOT"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := ParseRegistries([]byte(plain + c.options + "}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			got, want := all.Named("a"), c.want
			if got.Detail != want.Detail || got.DryRun != (want.DryRun || !strings.Contains(c.options, "disableDryRun")) || got.HideExistence != want.HideExistence || got.ECRNames != want.ECRNames ||
				got.AssumeMissing != want.AssumeMissing || got.AuthorizationTokenOnlyAtLogin != want.AuthorizationTokenOnlyAtLogin ||
				got.DeleteBlobs != want.DeleteBlobs || !slices.Equal(got.PullThrough, want.PullThrough) || got.Exists != nil {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestRegistryAuthentication(t *testing.T) {
	const plain = `registries: [{name: a, hosts: [h, "i:5000"], account: "111111111111", region: home-1`
	hosts := []string{"h", "i:5000"}
	for _, c := range []struct {
		name, options string
		want          identity.Config
	}{
		{"none", "", identity.Config{Registry: "a", Audiences: hosts, Partition: "aws"}},
		{"partition", ", partition: aws-cn", identity.Config{Registry: "a", Audiences: hosts, Partition: "aws-cn"}},
		{"sources in order", ", sources: [basic, bearer, mtls]", identity.Config{Registry: "a", Sources: []identity.Source{identity.BasicAuth, identity.Bearer, identity.MTLS}, Audiences: hosts, Partition: "aws"}},
		{"audiences", ", audiences: [registry, https://h]", identity.Config{Registry: "a", Audiences: []string{"registry", "https://h"}, Partition: "aws"}},
		{"header", ", sources: [jwt_authn, header], header: x-auth-request-email", identity.Config{Registry: "a", Sources: []identity.Source{identity.JWTAuthn, identity.TrustedHeader}, Header: "x-auth-request-email", Audiences: hosts, Partition: "aws"}},
		{"kind of name", ", principalKind: uri, anonymous: true", identity.Config{Registry: "a", PrincipalKind: identity.URI, Anonymous: true, Audiences: hosts, Partition: "aws"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := ParseRegistries([]byte(plain + c.options + "}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := all.Named("a").Authentication; !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestRegistryChallenge(t *testing.T) {
	const plain = `registries: [{name: a, hosts: [h, i], account: "111111111111", region: eu-central-1`
	for _, c := range []struct {
		name, options string
		want          Challenge
		bearer        bool
	}{
		{"none", "", Challenge{Realm: "a"}, false},
		{"basic", ", challenge: basic", Challenge{Realm: "a"}, false},
		{"realm", ", realm: The realm", Challenge{Realm: "The realm"}, false},
		{"bearer", `, challenge: bearer, tokenRealm: "https://t.example.com/token?a=b"`, Challenge{Realm: "https://t.example.com/token?a=b", Service: "h"}, true},
		{"service", `, challenge: bearer, tokenRealm: "https://t/", tokenService: The registry`, Challenge{Realm: "https://t/", Service: "The registry"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := ParseRegistries([]byte(plain + c.options + "}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := all.Named("a").Challenge; got != c.want || got.Bearer() != c.bearer {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestRegistryNetwork(t *testing.T) {
	all, err := ParseRegistries([]byte(`registries:
- {name: plain, hosts: [h], account: "111111111111", region: eu-central-1}
- {name: hops, hosts: [h], account: "111111111111", region: eu-central-1, trustedHops: 2, trustedProxies: [10.0.0.0/8, "192.0.2.1", "2001:db8::/32", "2001:db8::1"], vpcEndpoint: {id: vpce-1a2b3c4d, vpc: vpc-0123456789abcdef0}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(all.Named("hops").TrustedProxies); got != "[10.0.0.0/8 192.0.2.1/32 2001:db8::/32 2001:db8::1/128]" {
		t.Errorf("trusted proxies %s", got)
	}
	if r := all.Named("plain"); r.TrustedHops != 0 || r.TrustedProxies != nil || r.VPCEndpoint != nil {
		t.Errorf("%+v", r)
	}
	if r := all.Named("hops"); r.TrustedHops != 2 || *r.VPCEndpoint != (VPCEndpoint{"vpce-1a2b3c4d", "vpc-0123456789abcdef0"}) {
		t.Errorf("%+v", r)
	}
}

// TestParseRegistriesRefuses checks the positions and remedies of faults.
func TestParseRegistriesRefuses(t *testing.T) {
	good := func(change string) string {
		return "registries:\n- name: a\n  hosts: [h]\n  account: \"123456789012\"\n  region: eu-central-1\n" + change
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "registries.yaml: the file is empty"},
		{"only a comment", "# nothing\n", "registries.yaml: the file is empty"},
		{"no list", "registries: []\n", "registries.yaml:1:13: no registry"},
		{"unknown key", good("  colour: red\n"), `registries.yaml:6:3: unknown key "colour"; fix its name, or remove it`},
		{"unknown key at the top", good("") + "accounts: []\n", `registries.yaml:6:1: unknown key "accounts"; fix its name, or remove it`},
		{"repeated key", good("  name: b\n"), `registries.yaml:6:3: key "name" is already in line 2; keep one of the two`},
		{"not YAML", good("  : :\n- ]"), "registries.yaml:"},
		{"second document", good("---\n{}\n"), "a second YAML document"},
		{"wrong type", "registries:\n  name: a\n", "registries.yaml:2:3: a mapping of keys to values is given where a list is expected; write a list"},
		{"no name", "registries:\n- hosts: [h]\n", "registries.yaml:2:3: account \"\" is not valid; write twelve digits\nregistries.yaml:2:3: name \"\" is not valid; use letters, digits, . _ and -\nregistries.yaml:2:3: region \"\" is not valid; write lower-case letters"},
		{"name with a quote", strings.Replace(good(""), "name: a", `name: 'a"b'`, 1), "registries.yaml:2:9: name"},
		{"account as a number", strings.Replace(good(""), `"123456789012"`, "12345", 1), "registries.yaml:4:12: 12345 is a number, not a string; put it in quotes"},
		{"region", strings.Replace(good(""), "eu-central-1", "Frankfurt", 1), `registries.yaml:5:11: region "Frankfurt" is not valid; write lower-case letters, digits and hyphens, such as eu-central-1`},
		{"partition", good("  partition: '*'\n"), `registries.yaml:6:14: partition "*" is not valid; write lower-case letters, digits and hyphens, such as aws`},
		{"realm with a quote and a parameter", good("  realm: 'a\", x=\"b'\n"), "registries.yaml:6:10: realm"},
		{"realm with a line break", good("  realm: \"a\\nb\"\n"), "registries.yaml:6:10: realm"},
		{"no hosts", strings.Replace(good(""), "hosts: [h]", "hosts: []", 1), "registries.yaml:3:10: the registry has no host; write the host names that clients use for it"},
		{"host with a scheme", strings.Replace(good(""), "hosts: [h]", "hosts: [h, 'https://h']", 1), `registries.yaml:3:14: host "https://h" is not valid; write a lower-case host name or address, with a port only if it matters`},
		{"host with a wildcard", strings.Replace(good(""), "hosts: [h]", "hosts: ['*.example.com']", 1), `registries.yaml:3:11: host "*.example.com" is not valid; write a lower-case host name or address, with a port only if it matters`},
		{"twice", good("") + good("")[len("registries:\n"):], `registries.yaml:6:9: registry "a" is listed twice; keep one`},
		{"option of another type", good("  ecrNames: 2\n"), `registries.yaml:6:13: "2" is a number, not true or false; write true or false`},
		{"hideExistence as text", good("  hideExistence: sometimes\n"), `registries.yaml:6:18: "sometimes" is a string, not true or false; write true or false`},
		{"assumeMissing as text", good("  assumeMissing: maybe\n"), `registries.yaml:6:18: "maybe" is a string, not true or false; write true or false`},
		{"authorizationTokenOnlyAtLogin as a number", good("  authorizationTokenOnlyAtLogin: 1\n"), `registries.yaml:6:34: "1" is a number, not true or false; write true or false`},
		{"unknown detail", good("  detail: some\n"), `registries.yaml:6:11: detail "some" is not valid; write full, action or none`},
		{"detail in capitals", good("  detail: Full\n"), `registries.yaml:6:11: detail "Full"`},
		{"prefixes as text", good("  pullThrough: hub\n"), `registries.yaml:6:16: "hub" is a string, not a list; write a list`},
		{"prefix with a slash", good("  pullThrough: [hub, quay/]\n"), `registries.yaml:6:22: pull-through prefix "quay/" is not valid; write the beginning`},
		{"prefix with a wildcard", good("  pullThrough:\n  - hub\n  - 'hub/*'\n"), `registries.yaml:8:5: pull-through prefix "hub/*"`},
		{"empty prefix", good("  pullThrough: ['']\n"), `registries.yaml:6:17: pull-through prefix ""`},
		{"root in another case", good("  pullThrough: [root, Root]\n"), `registries.yaml:6:23: pull-through prefix "Root"`},
		{"prefix that is not a name of ECR", good("  ecrNames: true\n  pullThrough: [a__b]\n"), `registries.yaml:7:17: pull-through prefix "a__b"`},
		{"prefix twice", good("  pullThrough: [hub, ROOT, hub]\n"), `registries.yaml:6:28: pull-through prefix "hub" is listed twice`},
		{"one host selects two", good("  byHost: true\n") + strings.Replace(good("  byHost: true\n")[len("registries:\n"):], "name: a", "name: b", 1), `registries.yaml:8:10: host "h" is also a host of registry "a"`},
		{"a host with a port, and the same with every port", good("  byHost: true\n") + strings.NewReplacer("name: a", "name: b", "[h]", "['h:5000']").Replace(good("  byHost: true\n")[len("registries:\n"):]), `registries.yaml:8:10: host "h:5000" is also a host of registry "a"`},
		{"the same in the other order", strings.Replace(good("  byHost: true\n"), "[h]", "['h:5000']", 1) + strings.Replace(good("  byHost: true\n")[len("registries:\n"):], "name: a", "name: b", 1), `registries.yaml:8:10: host "h:5000" is also a host of registry "a"`},
		{"the default ports of two registries", strings.Replace(good("  byHost: true\n"), "[h]", "['h:443']", 1) + strings.NewReplacer("name: a", "name: b", "[h]", "['h:80']").Replace(good("  byHost: true\n")[len("registries:\n"):]), `registries.yaml:8:10: host "h" is also a host of registry "a"`},
		{"a port that is too large", strings.Replace(good(""), "[h]", "['h:65536']", 1), `registries.yaml:3:11: host "h:65536" does not have a valid port; write a port from 1 to 65535, or none, which means every port`},
		{"a port with a zero in front", strings.Replace(good(""), "[h]", "['h:080']", 1), `registries.yaml:3:11: host "h:080" does not have a valid port; write a port from 1 to 65535, or none, which means every port`},
		{"one region in two partitions", strings.Replace(good("")+strings.Replace(good("  partition: aws-cn\n")[len("registries:\n"):], "name: a", "name: b", 1), "eu-central-1", "home-1", 2), "registries.yaml:10:14: registry \"a\" has the same account and region in partition \"aws\""},
		{"a region of another partition", good("  partition: aws-cn\n"), `registries.yaml:5:11: region "eu-central-1" is in partition "aws", not in "aws-cn"; set the partition to aws, or fix the region`},
		{"a region of another partition than the default", strings.Replace(good(""), "eu-central-1", "cn-north-1", 1), `registries.yaml:5:11: region "cn-north-1" is in partition "aws-cn", not in "aws"; set the partition to aws-cn`},
		{"a region of a known partition in an unknown one", good("  partition: aws-moon\n"), `region "eu-central-1" is in partition "aws", not in "aws-moon"`},
		{"unknown source", good("  sources: [mtls, cookie]\n"), `registries.yaml:6:19: source "cookie" is not an identity source; write one of mtls, session, jwt_authn, bearer, basic, header or accessKey`},
		{"source in capitals", good("  sources: [MTLS]\n"), `registries.yaml:6:13: source "MTLS" is not an identity source; write one of mtls, session, jwt_authn, bearer, basic, header or accessKey`},
		{"source twice", good("  sources: [basic, basic]\n"), `registries.yaml:6:20: source "basic" is listed twice; keep one`},
		{"no sources", good("  sources: []\n"), "registries.yaml:6:12: sources is empty; name at least one source, or remove the key"},
		{"source header without a name", good("  sources: [header]\n"), "registries.yaml:6:12: the source header needs the name of the header; write it, such as header: x-auth-request-email"},
		{"header that is not a source", good("  header: x-user\n"), `registries.yaml:6:11: header "x-user" is not used by any source; add header to the sources, or remove it`},
		{"header in capitals", good("  sources: [header]\n  header: X-User\n"), `registries.yaml:7:11: header "X-User" is not valid; write a header's name in lower case, with letters, digits and hyphens`},
		{"header with an underscore", good("  sources: [header]\n  header: x_user\n"), `registries.yaml:7:11: header "x_user" is not valid; write a header's name in lower case, with letters, digits and hyphens`},
		{"header of the client's certificate", good("  sources: [header]\n  header: x-forwarded-client-cert\n"), `registries.yaml:7:11: header "x-forwarded-client-cert" has another meaning; name one that only the trusted proxy sets`},
		{"Envoy's own header", good("  sources: [header]\n  header: x-envoy-downstream-service-cluster\n"), `registries.yaml:7:11: header "x-envoy-downstream-service-cluster" has another meaning; name one that only the trusted proxy sets`},
		{"Authorization", good("  sources: [header]\n  header: authorization\n"), `registries.yaml:7:11: header "authorization" has another meaning; name one that only the trusted proxy sets`},
		{"pseudo-header", good("  sources: [header]\n  header: ':authority'\n"), "write a header's name"},
		{"no audiences", good("  audiences: []\n"), "registries.yaml:6:14: audiences is empty; name at least one audience, or remove the key for the registry's hosts"},
		{"empty audience", good("  audiences: ['']\n"), `registries.yaml:6:15: audience "" is not valid; use 1 to 256 characters of printable ASCII without quotes and backslashes`},
		{"audience twice", good("  audiences: [a, a]\n"), `registries.yaml:6:18: audience "a" is listed twice; keep one`},
		{"audience of another service", good("  audiences: [a, sts.amazonaws.com]\n"), `registries.yaml:6:18: audience "sts.amazonaws.com" is that of another service, which would accept a token that a client sends here; accept it from one issuer only, with foreignAudiences`},
		{"unknown kind of name", good("  principalKind: email\n"), `registries.yaml:6:18: principalKind "email" is not a kind of name in certificates; write uri, dns or subject`},
		{"kind of name that no certificate has", good("  principalKind: basic\n"), `registries.yaml:6:18: principalKind "basic"`},
		{"anonymous as text", good("  anonymous: pull\n"), `registries.yaml:6:14: "pull" is a string, not true or false; write true or false`},
		{"unknown challenge", good("  challenge: digest\n"), `registries.yaml:6:14: challenge "digest" is not valid; write basic or bearer`},
		{"Bearer without realm", good("  challenge: bearer\n"), "registries.yaml:6:14: a Bearer challenge needs tokenRealm; write the https URL that issues tokens"},
		{"Bearer with a Basic realm", good("  challenge: bearer\n  realm: R\n  tokenRealm: https://t/token\n"), "registries.yaml:7:10: realm is only for a Basic challenge; replace it by tokenRealm, the https URL that issues tokens"},
		{"http realm", good("  challenge: bearer\n  tokenRealm: http://t/token\n"), "registries.yaml:7:15: tokenRealm is not valid; write an https URL without user, quotes or fragment"},
		{"relative realm", good("  challenge: bearer\n  tokenRealm: /token\n"), "registries.yaml:7:15: tokenRealm is not valid; write an https URL without user, quotes or fragment"},
		{"realm with a password", good("  challenge: bearer\n  tokenRealm: https://u:p@t/token\n"), "registries.yaml:7:15: tokenRealm is not valid; write an https URL without user, quotes or fragment"},
		{"token realm with a quote", good("  challenge: bearer\n  tokenRealm: 'https://t/\"x'\n"), "registries.yaml:7:15: tokenRealm is not valid; write an https URL without user, quotes or fragment"},
		{"token service with a quote", good("  challenge: bearer\n  tokenRealm: https://t/\n  tokenService: 'a\"b'\n"), "registries.yaml:8:17: tokenService"},
		{"token realm of a Basic challenge", good("  tokenRealm: https://t/token\n"), "registries.yaml:6:15: tokenRealm is only for a Bearer challenge; write challenge: bearer, or remove it"},
		{"token service of a Basic challenge", good("  challenge: basic\n  tokenService: t\n"), "registries.yaml:7:17: tokenService is only for a Bearer challenge; write challenge: bearer, or remove it"},
		{"negative hops", good("  trustedHops: -1\n"), "registries.yaml:6:16: trustedHops -1 is not valid; write the number of proxies in front of Envoy, 0 to 16"},
		{"too many hops", good("  trustedHops: 17\n"), "registries.yaml:6:16: trustedHops 17"},
		{"hops as text", good("  trustedHops: one\n"), `registries.yaml:6:16: "one" is a string, not a whole number; write a whole number`},
		{"proxies without hops", good("  trustedProxies: [10.0.0.0/8]\n"), "registries.yaml:6:19: trustedProxies has no effect without trustedHops; add trustedHops, or remove trustedProxies"},
		{"no proxies", good("  trustedHops: 1\n  trustedProxies: []\n"), "registries.yaml:7:19: trustedProxies is empty; write the addresses of the proxies, or remove the key"},
		{"a proxy's name", good("  trustedHops: 1\n  trustedProxies: [proxy.example.com]\n"), `registries.yaml:7:20: trustedProxies "proxy.example.com" is not an address or a network; write an IP address or a network in CIDR notation, such as 10.0.0.0/16`},
		{"a proxy with a port", good("  trustedHops: 1\n  trustedProxies: ['10.0.0.1:80']\n"), `registries.yaml:7:20: trustedProxies "10.0.0.1:80" is not an address or a network; write an IP address or a network in CIDR notation, such as 10.0.0.0/16`},
		{"a proxy with a zone", good("  trustedHops: 1\n  trustedProxies: ['fe80::1%eth0']\n"), `registries.yaml:7:20: trustedProxies "fe80::1%eth0" is not an address or a network; write an IP address or a network in CIDR notation, such as 10.0.0.0/16`},
		{"a network that is too long", good("  trustedHops: 1\n  trustedProxies: [10.0.0.0/33]\n"), `registries.yaml:7:20: trustedProxies "10.0.0.0/33" is not an address or a network; write an IP address or a network in CIDR notation, such as 10.0.0.0/16`},
		{"a network with bits beyond its prefix", good("  trustedHops: 1\n  trustedProxies: [10.0.0.0/8, 10.1.2.3/16]\n"), `registries.yaml:7:32: trustedProxies "10.1.2.3/16" has bits beyond the prefix; write 10.1.0.0/16`},
		{"an IPv4 network as IPv6", good("  trustedHops: 1\n  trustedProxies: ['::ffff:10.0.0.0/104']\n"), `registries.yaml:7:20: trustedProxies "::ffff:10.0.0.0/104" is an IPv4 address or network written as IPv6; write it in its own form, such as 10.0.0.0/16`},
		{"one proxy instead of a list", good("  trustedHops: 1\n  trustedProxies: 10.0.0.1\n"), `registries.yaml:7:19: "10.0.0.1" is a string, not a list; write a list`},
		{"endpoint without id", good("  vpcEndpoint: {vpc: vpc-1a2b3c4d}\n"), `registries.yaml:6:16: id "" is not valid; write the id of a VPC endpoint, such as vpce-1a2b3c4d`},
		{"id of a VPC as endpoint", good("  vpcEndpoint: {id: vpc-1a2b3c4d, vpc: vpc-1a2b3c4d}\n"), `registries.yaml:6:21: id "vpc-1a2b3c4d" is not valid; write the id of a VPC endpoint, such as vpce-1a2b3c4d`},
		{"endpoint without VPC", good("  vpcEndpoint: {id: vpce-1a2b3c4d}\n"), `registries.yaml:6:16: vpc "" is not valid; write the id of the endpoint's VPC, such as vpc-1a2b3c4d`},
		{"endpoint with another key", good("  vpcEndpoint: {id: vpce-1a2b3c4d, vpc: vpc-1a2b3c4d, name: x}\n"), `registries.yaml:6:55: unknown key "name"; fix its name, or remove it`},
		{"alias bomb", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nregistries: *e\n", `registries.yaml:1:1: unknown key "a"; fix its name, or remove it
registries.yaml:2:1: unknown key "b"; fix its name, or remove it
registries.yaml:3:1: unknown key "c"; fix its name, or remove it
registries.yaml:4:1: unknown key "d"; fix its name, or remove it
registries.yaml:4:4: a list is given where a mapping of keys to values is expected; write a mapping of keys to values
registries.yaml:5:1: unknown key "e"; fix its name, or remove it`},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := ParseRegistries([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("registries %v, error %v; want %q", all, err, c.want)
			}
			if err != nil && strings.Count(err.Error(), "\n") != strings.Count(c.want, "\n") {
				t.Errorf("wrong number of faults: %q", err)
			}
		})
	}
}
