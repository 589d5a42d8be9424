{{/* What the pod security standard "restricted" requires of each container, and a read-only root
     file system. The argument is the user. */}}
{{- define "extauthz.security" -}}
securityContext:
  runAsUser: {{ . }}
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "extauthz.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: {{ . }} }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: {{ . }} }
readinessProbe:
  httpGet: { path: /readyz, port: {{ . }} }
  periodSeconds: 2
{{- end }}

{{- define "extauthz.gitsync" -}}
{{- with .Values.policies.gitSync }}
- name: git-sync
  image: {{ .image | quote }}
  restartPolicy: Always
  args:
  - --repo={{ .repo }}
  - --ref={{ .ref }}
  - --root=/git
  - --link=current
  - --period={{ .period }}
  - --max-failures=-1
  {{- if .passwordSecret }}
  - --username={{ .username }}
  - --password-file=/secrets/password
  {{- end }}
  - --http-bind=:9195
  # extauthz starts after the first checkout.
  startupProbe:
    httpGet: { path: /, port: 9195 }
    periodSeconds: 1
    failureThreshold: 600
  livenessProbe:
    httpGet: { path: /, port: 9195 }
  resources: {{ toYaml .resources | nindent 4 }}
  {{- include "extauthz.security" 65533 | nindent 2 }}
  volumeMounts:
  - { name: policies, mountPath: /git }
  - { name: tmp, mountPath: /tmp }
  {{- if .passwordSecret }}
  - { name: git-password, mountPath: /secrets, readOnly: true }
  {{- end }}
{{- end }}
{{- end }}

{{- define "extauthz.container" -}}
- name: extauthz
  image: {{ include "extauthz.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  {{- if eq .Values.mode "sidecar" }}
  restartPolicy: Always
  {{- end }}
  env:
  - { name: EXTAUTHZ_PROBE_LISTEN, value: "0.0.0.0:9193" }
  - { name: EXTAUTHZ_WAIT_FOR_POLICIES, value: "true" }
  {{- if eq .Values.mode "sidecar" }}
  - { name: EXTAUTHZ_LISTEN, value: "unix:///run/extauthz/extauthz.sock" }
  {{- else }}
  - { name: EXTAUTHZ_LISTEN, value: "0.0.0.0:9191" }
  - { name: EXTAUTHZ_DRAIN_DELAY, value: 15s }
  {{- if .Values.shared.tlsSecret }}
  - { name: EXTAUTHZ_TLS_CERT, value: /certs/tls.crt }
  - { name: EXTAUTHZ_TLS_KEY, value: /certs/tls.key }
  - { name: EXTAUTHZ_TLS_CLIENT_CA, value: /certs/ca.crt }
  {{- end }}
  {{- end }}
  {{- with .Values.policies.gitSync }}{{ if .repo }}
  - { name: EXTAUTHZ_POLICIES, value: {{ printf "/git/current/%s" .path | trimSuffix "/" | quote }} }
  {{- end }}{{ end }}
  {{- range $name, $value := .Values.extauthz.env }}
  - { name: {{ $name }}, value: {{ $value | quote }} }
  {{- end }}
  ports:
  {{- if eq .Values.mode "shared" }}
  - { name: grpc, containerPort: 9191 }
  {{- end }}
  - { name: metrics, containerPort: 9193 }
  {{- include "extauthz.probes" "metrics" | nindent 2 }}
  resources: {{ toYaml .Values.extauthz.resources | nindent 4 }}
  {{- include "extauthz.security" 65532 | nindent 2 }}
  volumeMounts:
  - { name: policies, mountPath: {{ if .Values.policies.gitSync.repo }}/git{{ else }}/policies{{ end }}, readOnly: true }
  {{- if eq .Values.mode "sidecar" }}
  - { name: socket, mountPath: /run/extauthz }
  {{- else if .Values.shared.tlsSecret }}
  - { name: certificate, mountPath: /certs, readOnly: true }
  {{- end }}
{{- end }}

{{- define "extauthz.envoy" -}}
- name: envoy
  image: {{ .Values.envoy.image | quote }}
  restartPolicy: Always
  command: [envoy, --config-path, /etc/envoy/envoy.yaml, --disable-hot-restart, --concurrency, {{ .Values.envoy.concurrency | quote }}, --log-level, warn]
  ports:
  - { name: https, containerPort: 8443 }
  - { name: envoy-metrics, containerPort: 9194 }
  {{- include "extauthz.probes" "envoy-metrics" | nindent 2 }}
  resources: {{ toYaml .Values.envoy.resources | nindent 4 }}
  {{- include "extauthz.security" 65533 | nindent 2 }}
  volumeMounts:
  - { name: envoy, mountPath: /etc/envoy, readOnly: true }
  - { name: certificate, mountPath: /certs, readOnly: true }
  - { name: socket, mountPath: /run/extauthz, readOnly: true }
  - { name: admin, mountPath: /run/envoy }
{{- end }}

{{- define "extauthz.registry" -}}
- name: registry
  image: {{ .Values.registry.image | quote }}
  env:
  - { name: OTEL_TRACES_EXPORTER, value: none }
  {{- with .Values.registry.secrets }}
  envFrom:
  {{- range . }}
  - secretRef: { name: {{ . }} }
  {{- end }}
  {{- end }}
  lifecycle:
    # Until the clients have left: see max_connection_duration in Envoy's configuration.
    preStop: { sleep: { seconds: 45 } }
  resources: {{ toYaml .Values.registry.resources | nindent 4 }}
  {{- include "extauthz.security" 65534 | nindent 2 }}
  volumeMounts:
  - { name: registry, mountPath: /etc/distribution, readOnly: true }
  {{- if .Values.registry.storage.filesystem }}
  - { name: storage, mountPath: {{ .Values.registry.storage.filesystem.rootdirectory | quote }} }
  {{- end }}
{{- end }}
