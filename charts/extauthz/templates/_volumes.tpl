{{- define "extauthz.volumes" -}}
- name: policies
{{- if .Values.policies.gitSync.repo }}
  emptyDir: { sizeLimit: 512Mi }
- name: tmp
  emptyDir: { sizeLimit: 16Mi }
{{- with .Values.policies.gitSync.passwordSecret }}
- name: git-password
  secret: { secretName: {{ . }}, defaultMode: 0440 }
{{- end }}
{{- else }}
  projected:
    sources:
    {{- if .Values.policies.files }}
    - configMap: { name: {{ include "extauthz.name" . }}-policies }
    {{- end }}
    {{- range .Values.policies.configMaps }}
    - configMap: {{ toYaml . | nindent 8 }}
    {{- end }}
    {{- range .Values.policies.secrets }}
    - secret: {{ toYaml . | nindent 8 }}
    {{- end }}
{{- end }}
{{- if eq .Values.mode "sidecar" }}
- name: socket
  emptyDir: { medium: Memory, sizeLimit: 1Mi }
- name: admin
  emptyDir: { medium: Memory, sizeLimit: 1Mi }
- name: envoy
  configMap: { name: {{ include "extauthz.name" . }}-envoy }
- name: registry
  configMap: { name: {{ include "extauthz.name" . }}-registry }
- name: certificate
  secret: { secretName: {{ .Values.envoy.tlsSecret }}, defaultMode: 0440 }
{{- if .Values.registry.storage.filesystem }}
- name: storage
  persistentVolumeClaim: { claimName: {{ .Values.registry.persistence.existingClaim | default (include "extauthz.name" .) }} }
{{- end }}
{{- else if .Values.shared.tlsSecret }}
- name: certificate
  secret: { secretName: {{ .Values.shared.tlsSecret }}, defaultMode: 0440 }
{{- end }}
{{- end }}
