{{- define "extauthz.envoy.configuration" -}}
{{ .Files.Get "files/envoy.yaml" | replace "{ registry: registry, headers: all }" (printf "{ registry: %s, headers: all }" .Values.registry.name) }}
{{- end }}

{{- define "extauthz.registry.configuration" -}}
version: 0.1
log:
  level: warn
  accesslog: { disabled: true } # Envoy writes one
storage: {{ toYaml .Values.registry.storage | nindent 2 }}
http:
  addr: 127.0.0.1:5000 # only for Envoy, in the same pod
  relativeurls: true
  draintimeout: {{ .Values.registry.drainSeconds }}s
{{- end }}
