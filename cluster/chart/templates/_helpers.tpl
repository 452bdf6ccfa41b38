{{- define "bridge.labels" -}}
{{ include "bridge.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: novaedge
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "bridge.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of everything in the namespace: two releases of one name cannot be. */}}
{{- define "bridge.name" -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* Of what belongs to the whole cluster. */}}
{{- define "bridge.clusterName" -}}
{{ printf "%s-%s" .Release.Namespace (include "bridge.name" .) }}
{{- end }}

{{- define "bridge.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (ternary (include "bridge.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}
