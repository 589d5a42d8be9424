{{- define "extauthz.name" -}}
{{ ternary .Release.Name (printf "%s-extauthz" .Release.Name) (contains "extauthz" .Release.Name) | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "extauthz.selector" -}}
app.kubernetes.io/name: extauthz
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "extauthz.labels" -}}
{{ include "extauthz.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "extauthz.image" -}}
{{ with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}
