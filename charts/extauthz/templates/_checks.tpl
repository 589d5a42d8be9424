{{/* Combinations of values with which access would not be controlled. */}}
{{- define "extauthz.checks" }}
{{- with .Values.policies }}
  {{- $sources := or .files .configMaps .secrets }}
  {{- if and (not $sources) (not .gitSync.repo) }}
    {{- fail "policies: no source of policies; set policies.files, policies.configMaps, policies.secrets or policies.gitSync.repo" }}
  {{- end }}
  {{- if and $sources .gitSync.repo }}
    {{- fail "policies.gitSync.repo: policies come from git or from the other sources, not from both; remove one of them" }}
  {{- end }}
  {{- $keys := dict }}
  {{- range $path, $text := .files }}
    {{- if has $path (list "htpasswd" "access-keys" "upstreams.yaml") }}
      {{- fail (printf "policies.files: %s would be in a ConfigMap, and in the values of the release; put it into a Secret and name that in policies.secrets" $path) }}
    {{- end }}
    {{- $key := $path | replace "/" ".." }}
    {{- if hasKey $keys $key }}
      {{- fail (printf "policies.files: %s is there twice, with \"/\" and with \"..\"; remove one" $path) }}
    {{- end }}
    {{- $_ := set $keys $key true }}
  {{- end }}
{{- end }}
{{- range $name, $value := .Values.extauthz.env }}
  {{- if has $name (list "EXTAUTHZ_LISTEN" "EXTAUTHZ_POLICIES" "EXTAUTHZ_PROBE_LISTEN" "EXTAUTHZ_ADMIN_LISTEN" "EXTAUTHZ_SOCKET_MODE" "EXTAUTHZ_TLS_CERT" "EXTAUTHZ_TLS_KEY" "EXTAUTHZ_TLS_CLIENT_CA" "EXTAUTHZ_WAIT_FOR_POLICIES" "EXTAUTHZ_DRAIN_DELAY" "EXTAUTHZ_DRAIN_TIMEOUT") }}
    {{- fail (printf "extauthz.env: the chart sets %s itself; remove it" $name) }}
  {{- end }}
{{- end }}
{{- include (printf "extauthz.checks.%s" .Values.mode) . }}
{{- end }}

{{- define "extauthz.checks.sidecar" }}
{{- if not .Values.envoy.tlsSecret }}
  {{- fail "envoy.tlsSecret: passwords and tokens would be sent without encryption; name a Secret with tls.crt and tls.key" }}
{{- end }}
{{- with .Values.registry }}
  {{- $drivers := omit .storage "cache" "delete" "maintenance" "redirect" "tag" | keys | sortAlpha }}
  {{- if ne (len $drivers) 1 }}
    {{- fail (printf "registry.storage: it needs one driver, not %d (%s); remove the default with registry.storage.filesystem=null" (len $drivers) (join ", " $drivers)) }}
  {{- end }}
  {{- if and (gt (int .replicas) 1) .storage.filesystem }}
    {{- fail "registry.replicas: pods with a volume each would have different images; use one replica, or object storage in registry.storage" }}
  {{- end }}
  {{- if and (gt (int .replicas) 1) (not .secrets) }}
    {{- fail "registry.secrets: several replicas must share REGISTRY_HTTP_SECRET, which signs uploads; name a Secret that contains it" }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "extauthz.checks.shared" }}
{{- with .Values.shared }}
  {{- if and (not .tlsSecret) (not .plaintext) }}
    {{- fail "shared.tlsSecret: any pod could pose as extauthz and allow everything, and requests with passwords would be sent without encryption; name a Secret with tls.crt, tls.key and ca.crt, or set shared.plaintext=true if the mesh encrypts and authenticates these connections" }}
  {{- end }}
  {{- if and .tlsSecret .plaintext }}
    {{- fail "shared.plaintext: it contradicts shared.tlsSecret; remove one of them" }}
  {{- end }}
  {{- if gt (int .minReplicas) (int .maxReplicas) }}
    {{- fail "shared.minReplicas: it is greater than shared.maxReplicas" }}
  {{- end }}
{{- end }}
{{- with .Values.networkPolicy }}
  {{- if and (not .enabled) (not .notNeeded) }}
    {{- fail "networkPolicy.enabled: every pod could connect to extauthz and guess passwords without limits; enable it, or set networkPolicy.notNeeded=true if something else limits who can connect" }}
  {{- end }}
  {{- if and .enabled (not .envoys) }}
    {{- fail "networkPolicy.envoys: no Envoy could connect to extauthz; name the peers, such as a namespaceSelector with a podSelector" }}
  {{- end }}
{{- end }}
{{- end }}
