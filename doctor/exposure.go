package doctor

import (
	"fmt"
	"net/netip"
	"strings"
)

// checkAdmin reports an admin interface that other hosts can reach. Without an address, Envoy
// does not open one.
func (d *doctor) checkAdmin() {
	socket := d.config.admin.get("address", "socket_address")
	if !socket.exists() {
		return
	}
	at := socket.get("address")
	address, err := netip.ParseAddr(at.text())
	if err != nil || !address.Unmap().IsLoopback() {
		d.report(adminReachable, at, fmt.Sprintf("Envoy's admin interface listens on %s", at.text()), "write 127.0.0.1, or a socket: address: { pipe: { path: /run/envoy-admin.sock } }")
	}
}

// checkAccessLogs reports access logs of a connection manager that contain queries.
func (d *doctor) checkAccessLogs(m *manager) {
	logs := m.get("access_log").list()
	logs = append(logs, m.get("access_log_options", "access_log").list()...)
	for _, log := range logs {
		config := log.get("typed_config").message()
		switch config.name {
		case "FileAccessLog", "StdoutAccessLog", "StderrAccessLog":
			d.checkLogFormat(config.value)
		case "HttpGrpcAccessLogConfig":
			d.report(queryLogged, config.value, "this access log sends the whole path", "remove queries where the log is received, or write a file with %PATH(NQ:PATH)%")
		case "OpenTelemetryAccessLogConfig":
			d.checkFormat(config.get("body"))
			d.checkFormat(config.get("attributes"))
		}
	}
}

// checkLogFormat checks the format of a log, which has several fields in Envoy's history.
func (d *doctor) checkLogFormat(log value) {
	const remedy = "write log_format with %PATH(NQ:PATH)% instead of %REQ(:PATH)%"
	formats := 0
	for _, field := range []string{"format", "json_format", "typed_json_format", "log_format"} {
		if v := log.get(field); v.exists() {
			formats++
			d.checkFormat(v)
		}
	}
	if formats == 0 {
		d.report(queryLogged, log, "Envoy's default format contains the path with its query", remedy)
	}
}

// checkFormat reports each text in a format that contains the query.
func (d *doctor) checkFormat(format value) {
	if operator := queryOperator(format.text()); operator != "" {
		d.report(queryLogged, format, fmt.Sprintf("%s contains the query of the request", operator),
			"write %PATH(NQ:PATH)% instead, and leave out the referer")
	}
	for _, member := range format.members() {
		d.checkFormat(member)
	}
	for _, item := range format.list() {
		d.checkFormat(item)
	}
}

// queryOperator returns the first command operator of a format that prints a query, "" if none
// does (Envoy, "Access Logging", "Command Operators").
func queryOperator(format string) string {
	parts := strings.Split(format, "%")
	for i := 1; i < len(parts); i += 2 {
		name, argument, _ := strings.Cut(strings.ToUpper(parts[i]), "(")
		argument, _, _ = strings.Cut(argument, ")")
		if printsQuery(name, argument) {
			return "%" + parts[i] + "%"
		}
	}
	return ""
}

func printsQuery(name, argument string) bool {
	switch name {
	case "QUERY_PARAM", "QUERY_PARAMS":
		return true
	case "PATH":
		return !strings.HasPrefix(argument, "NQ")
	case "REQ":
		for header := range strings.SplitSeq(argument, "?") {
			if header == ":PATH" || header == "X-ENVOY-ORIGINAL-PATH" || header == "REFERER" {
				return true
			}
		}
	}
	return false
}
