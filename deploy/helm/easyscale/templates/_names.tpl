{{- define "easyscale.name" -}}
{{- if contains "easyscale" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-easyscale" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Of roles that are in no namespace, or in other ones than that of the release. */}}
{{- define "easyscale.wideName" -}}
{{ printf "%s-%s" .Release.Namespace (include "easyscale.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "easyscale.serviceAccount" -}}
{{- if .Values.serviceAccount.name }}{{ .Values.serviceAccount.name }}{{ else }}{{ include "easyscale.name" . }}{{ end }}
{{- end }}

{{- define "easyscale.selectorLabels" -}}
app.kubernetes.io/name: easyscale
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "easyscale.labels" -}}
{{ include "easyscale.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ .Values.mode }}
app.kubernetes.io/part-of: easyscale
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "easyscale.annotations" -}}
{{- with .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "easyscale.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "easyscale.lease" -}}
{{ if eq .Values.instance "default" }}easyscale{{ else }}easyscale-{{ .Values.instance }}{{ end }}
{{- end }}

{{/* Whether there are files to read. */}}
{{- define "easyscale.hasFiles" -}}
{{- if or .Values.policies .Values.limits .Values.existingConfigMaps }}yes{{ end }}
{{- end }}

{{/* What `run` and `apply` have in common. */}}
{{- define "easyscale.ruleArgs" -}}
{{- if include "easyscale.hasFiles" . }}
- /policies
{{- end }}
- --instance={{ .Values.instance }}
{{- if .Values.scalingRules.enabled }}
- --scaling-rules
{{- end }}
{{- if .Values.configMaps.enabled }}
- --config-maps={{ .Values.configMaps.selector }}
{{- end }}
{{- with .Values.trustedNamespaces }}
- --trust-namespace={{ join "," . }}
{{- end }}
{{- with .Values.namespaces }}
- --namespace={{ join "," . }}
{{- end }}
{{- if not .Values.events }}
- --no-events
{{- end }}
{{- end }}

{{/* What is the same in every pod. */}}
{{- define "easyscale.pod" -}}
serviceAccountName: {{ include "easyscale.serviceAccount" . }}
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "easyscale.container" -}}
image: {{ include "easyscale.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "easyscale.podLabels" -}}
{{ include "easyscale.labels" . }}
{{- with .Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* All files in one directory, which changes as a whole. */}}
{{- define "easyscale.volumes" -}}
{{- if include "easyscale.hasFiles" . }}
volumes:
  - name: policies
    projected:
      sources:
        {{- if or .Values.policies .Values.limits }}
        - configMap:
            name: {{ include "easyscale.name" . }}-policies
        {{- end }}
        {{- range .Values.existingConfigMaps }}
        - configMap:
            name: {{ . }}
        {{- end }}
{{- end }}
{{- end }}

{{- define "easyscale.volumeMounts" -}}
{{- if include "easyscale.hasFiles" . }}
volumeMounts:
  - name: policies
    mountPath: /policies
    readOnly: true
{{- end }}
{{- end }}
