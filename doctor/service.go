package doctor

import (
	"fmt"
	"strings"
	"time"
)

// checkService checks how a filter calls extauthz.
func (d *doctor) checkService(f *httpFilter) {
	service := f.get("grpc_service")
	if !service.exists() {
		return // of a filter whose configuration is not in the input
	}
	timeout := service.get("timeout")
	switch {
	case !timeout.exists():
		d.report(noTimeout, service, "the check has Envoy's default timeout of 200 ms", "write timeout: 0.5s")
	case duration(timeout) == 0:
		d.report(noTimeout, timeout, "the check has no timeout", "write timeout: 0.5s")
	}
	if !service.get("envoy_grpc").exists() {
		return // google_grpc has its own channel
	}
	retry := service.get("retry_policy")
	if !retry.exists() {
		retry = service.get("envoy_grpc", "retry_policy")
	}
	if !retry.exists() {
		d.report(noRetry, service, "a check whose connection fails is not tried again",
			"write retry_policy: { retry_on: \"connect-failure,refused-stream,unavailable,reset-before-request\", num_retries: 2 }")
	}
	if at := retry.get("retry_back_off", "max_interval"); at.exists() && duration(at) < duration(timeout) {
		d.report(shortRetry, at, fmt.Sprintf("each try of the check may take only %v", duration(at)), "write the timeout of the check here as well")
	}
	d.checkCluster(service.get("envoy_grpc", "cluster_name"))
}

// checkCluster checks the cluster of extauthz, if the input contains it.
func (d *doctor) checkCluster(name value) {
	cluster, found := d.config.clusters[name.text()]
	if !found {
		return
	}
	if !usesHTTP2(cluster) {
		d.report(noHTTP2, cluster, fmt.Sprintf("cluster %q does not use HTTP/2", name.text()),
			"add HttpProtocolOptions with explicit_http_config: { http2_protocol_options: {} }")
	}
	if len(cluster.get("circuit_breakers", "thresholds").list()) == 0 {
		d.report(noCircuitBreaker, cluster, fmt.Sprintf("cluster %q accepts at most 1,024 checks at a time", name.text()),
			"write circuit_breakers with max_pending_requests and max_requests for the checks that you expect")
	}
}

func usesHTTP2(cluster value) bool {
	if cluster.get("http2_protocol_options").exists() {
		return true
	}
	for _, options := range cluster.get("typed_extension_protocol_options").members() {
		for _, config := range []string{"explicit_http_config", "auto_config", "use_downstream_protocol_config"} {
			if v := options.get(config); v.get("http2_protocol_options").exists() {
				return true
			}
		}
	}
	return false
}

// duration returns a duration (ProtoJSON format: seconds with the suffix s), 0 if it is not one.
func duration(v value) time.Duration {
	d, err := time.ParseDuration(v.text())
	if err != nil || !strings.HasSuffix(v.text(), "s") {
		return 0
	}
	return d
}
