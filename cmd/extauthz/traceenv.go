package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"extauthz/diag"
)

// A traceEnvironment has the environment variables of OpenTelemetry (OpenTelemetry
// Specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter").
// Empty variables are not set.
//
// The SDK ignores a value that is not valid, and may log it. So the values are checked first.
type traceEnvironment map[string]string

// newTraceEnvironment returns the variables of OpenTelemetry among NAME=VALUE.
func newTraceEnvironment(variables []string) traceEnvironment {
	env := traceEnvironment{}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		if value = strings.TrimSpace(value); strings.HasPrefix(name, "OTEL_") && value != "" {
			env[name] = value
		}
	}
	return env
}

// Protocols of OTLP.
const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// of returns the value of a variable of the exporter: that for traces, or that for all signals.
func (env traceEnvironment) of(name string) string {
	if value := env["OTEL_EXPORTER_OTLP_TRACES_"+name]; value != "" {
		return value
	}
	return env["OTEL_EXPORTER_OTLP_"+name]
}

// protocol returns the protocol of the exporter.
func (env traceEnvironment) protocol() string {
	if protocol := env.of("PROTOCOL"); protocol != "" {
		return protocol
	}
	return protocolHTTP
}

// propagators returns the names of the formats of contexts.
func (env traceEnvironment) propagators() []string {
	if list := env["OTEL_PROPAGATORS"]; list != "" {
		return splitList(list)
	}
	return []string{"tracecontext", "baggage"}
}

// integer returns the value of a variable that was checked, or a default.
func (env traceEnvironment) integer(name string, otherwise int) int {
	if n, err := strconv.Atoi(env[name]); err == nil {
		return n
	}
	return otherwise
}

// secrets returns a replacer that removes the values of the exporter's headers.
func (env traceEnvironment) secrets() *strings.Replacer {
	var pairs []string
	for _, list := range []string{env["OTEL_EXPORTER_OTLP_HEADERS"], env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]} {
		for header := range strings.SplitSeq(list, ",") {
			_, encoded, _ := strings.Cut(header, "=")
			decoded, _ := url.PathUnescape(encoded) // "" if it is not valid
			for _, value := range []string{strings.TrimSpace(encoded), strings.TrimSpace(decoded)} {
				if value != "" {
					pairs = append(pairs, value, "(removed)")
				}
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// check reports whether traces are on, and returns the first error of the variables if they are.
func (env traceEnvironment) check() (on bool, err error) {
	if err := env.eachOf(checkBool, "OTEL_SDK_DISABLED"); err != nil {
		return false, err
	}
	if strings.EqualFold(env["OTEL_SDK_DISABLED"], "true") {
		return false, nil
	}
	exporter := env["OTEL_TRACES_EXPORTER"]
	if err := env.eachOf(checkOneOf("otlp", "none"), "OTEL_TRACES_EXPORTER"); err != nil {
		return false, err
	}
	if exporter == "none" || exporter == "" && env.of("ENDPOINT") == "" {
		return false, nil
	}
	return true, env.checkAll()
}

// checkAll checks every variable that the SDK and the exporters read.
func (env traceEnvironment) checkAll() error {
	for _, rule := range []struct {
		names []string
		check func(string) error
	}{
		{ofExporter("PROTOCOL"), checkOneOf(protocolGRPC, protocolHTTP)},
		{ofExporter("ENDPOINT"), env.checkEndpoint},
		{ofExporter("INSECURE"), checkBool},
		{ofExporter("COMPRESSION"), env.checkCompression},
		{ofExporter("TIMEOUT"), checkPositive},
		{ofExporter("HEADERS"), checkHeaders},
		{ofExporter("CERTIFICATE"), checkCertificates},
		{[]string{"OTEL_PROPAGATORS"}, checkPropagators},
		{[]string{"OTEL_TRACES_SAMPLER"}, checkOneOf("always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")},
		{[]string{"OTEL_TRACES_SAMPLER_ARG"}, checkRatio},
		{[]string{"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}, checkPositive},
		{limits[:], checkPositive},
	} {
		if err := env.eachOf(rule.check, rule.names...); err != nil {
			return err
		}
	}
	return env.checkClientCertificate()
}

// limits are the variables that limit the size of spans.
var limits = [...]string{
	"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
	"OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
}

// ofExporter returns the names of a variable of the exporter.
func ofExporter(name string) []string {
	return []string{"OTEL_EXPORTER_OTLP_" + name, "OTEL_EXPORTER_OTLP_TRACES_" + name}
}

// eachOf checks the variables that are set.
func (env traceEnvironment) eachOf(check func(string) error, names ...string) error {
	for _, name := range names {
		if env[name] == "" {
			continue
		}
		if err := check(env[name]); err != nil {
			return inputError{diag.Wrap(diag.Position{}, name+": ", err)}
		}
	}
	return nil
}

// checkBool checks a truth value, whose case does not count.
func checkBool(value string) error { return checkOneOf("true", "false")(strings.ToLower(value)) }

// checkOneOf returns a check for one of some values.
func checkOneOf(values ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(values, value) {
			return nil
		}
		return diag.Problemf("%q is not supported", value).WithRemedy("set one of " + strings.Join(values, ", "))
	}
}

func checkPositive(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < 1 {
		return diag.Problemf("%q is not a positive integer", value).WithRemedy("set a number such as 1000; times are in milliseconds")
	}
	return nil
}

func checkRatio(value string) error {
	if ratio, err := strconv.ParseFloat(value, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
		return diag.Problemf("%q is not a number from 0 to 1", value).WithRemedy("set the part of the traces to sample, such as 0.1")
	}
	return nil
}

func checkPropagators(list string) error {
	for _, name := range splitList(list) {
		if err := checkOneOf("tracecontext", "baggage", "b3", "b3multi", "none")(name); err != nil {
			return err
		}
	}
	return nil
}

// checkEndpoint checks the address of the collector. Its error does not contain the address,
// which may have a password. For gRPC, an address without a scheme is a target of gRPC.
func (env traceEnvironment) checkEndpoint(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return diag.Problemf("not a URL").WithRemedy("set an address such as http://localhost:4318")
	case u.User != nil:
		return diag.Problemf("the URL has a user, which is not sent").WithRemedy("remove the user, and set OTEL_EXPORTER_OTLP_HEADERS")
	case env.protocol() == protocolGRPC && u.Scheme != "http" && u.Scheme != "https":
		return nil
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return diag.Problemf("not a URL of http or https with a host").WithRemedy("set an address such as http://localhost:4318")
	}
	return nil
}

// checkCompression checks how spans are compressed.
func (env traceEnvironment) checkCompression(value string) error {
	if env.protocol() == protocolGRPC && value == "gzip" {
		return diag.Problemf("gzip is not supported with gRPC").WithRemedy("set none, or set OTEL_EXPORTER_OTLP_PROTOCOL to " + protocolHTTP)
	}
	return checkOneOf("gzip", "none")(value)
}

// checkHeaders checks name=value pairs. Its error contains no part of them, because they may
// be secret.
func checkHeaders(list string) error {
	for header := range strings.SplitSeq(list, ",") {
		name, value, found := strings.Cut(header, "=")
		name = strings.TrimSpace(name)
		if _, err := url.PathUnescape(value); err != nil || !found || !isToken(name) {
			return diag.Problemf("not a list of headers").WithRemedy("write name=value, separated by commas, with %2C for a comma in a value")
		}
	}
	return nil
}

// isToken reports whether text is a token (RFC 9110, section 5.6.2), as the names of headers are.
func isToken(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		isAlphanumeric := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		return !isAlphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}

func checkCertificates(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return diag.Problemf("%v", err).WithRemedy("give a PEM file that can be read")
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return diag.Problemf("the file %s has no certificate", file).WithRemedy("give a PEM file with the certificate authority of the collector")
	}
	return nil
}

// checkClientCertificate checks the pairs of a client certificate and its key.
func (env traceEnvironment) checkClientCertificate() error {
	certificates, keys := ofExporter("CLIENT_CERTIFICATE"), ofExporter("CLIENT_KEY")
	for i := range certificates {
		certificate, key := env[certificates[i]], env[keys[i]]
		switch {
		case certificate == "" && key == "":
			continue
		case certificate == "" || key == "":
			return inputError{diag.Problemf("one of %s and %s is missing", certificates[i], keys[i]).WithRemedy("set both")}
		}
		if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
			return inputError{diag.Problemf("%s, %s: %v", certificates[i], keys[i], err).WithRemedy("give PEM files that can be read")}
		}
	}
	return nil
}

// splitList returns the items of a list that is separated by commas.
func splitList(list string) (items []string) {
	for item := range strings.SplitSeq(list, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}
