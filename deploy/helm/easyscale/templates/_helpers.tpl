{{/* The name of everything: that of the release, which by convention says what it is. A Service takes no dot, and begins with a letter. */}}
{{- define "easyscale.fullname" -}}
{{- $name := .Release.Name | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $name -}}
{{- printf "easyscale-%s" ($name | trunc 35 | trimSuffix "-") -}}
{{- else if contains "easyscale" $name -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-easyscale" ($name | trunc 35 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* The Lease's name is easyscale's to choose: the same as lease_name in src/cluster/lease.rs. */}}
{{- define "easyscale.lease" -}}
{{- if eq .Values.instance "default" }}easyscale{{ else }}easyscale-{{ .Values.instance }}{{ end -}}
{{- end -}}

{{- define "easyscale.selector" -}}
app.kubernetes.io/name: easyscale
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "easyscale.ownLabels" -}}
{{ include "easyscale.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: {{ .Values.mode }}
app.kubernetes.io/part-of: easyscale
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- define "easyscale.labels" -}}
{{ include "easyscale.ownLabels" . }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "easyscale.podLabels" -}}
{{ include "easyscale.ownLabels" . }}
{{- with include "easyscale.morePodLabels" . }}
{{ . }}
{{- end }}
{{- end -}}

{{/* What somebody wants on each pod besides: where both say something, podLabels win. */}}
{{- define "easyscale.morePodLabels" -}}
{{- with merge (dict) .Values.podLabels .Values.extraLabels }}
{{- toYaml . }}
{{- end }}
{{- end -}}

{{/* Name, namespace, labels, annotations. A list: the root, a suffix of the name, annotations and (optional) labels of its own. */}}
{{- define "easyscale.metadata" -}}
{{- $root := index . 0 -}}
{{- $annotations := merge (dict) (index . 2) $root.Values.extraAnnotations -}}
{{- $labels := $root.Values.extraLabels -}}
{{- if gt (len .) 3 -}}
{{- $labels = merge (dict) (index . 3) $labels -}}
{{- end -}}
name: {{ include "easyscale.fullname" $root }}{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "easyscale.ownLabels" $root | nindent 2 }}
  {{- with $labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "easyscale.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* What `run`, `apply` and `restore` are all told. */}}
{{- define "easyscale.place" -}}
- --log-level={{ .Values.logLevel }}
{{- if ne .Values.instance "default" }}
- --instance={{ .Values.instance }}
{{- end }}
{{- with .Values.namespaces }}
- --namespace={{ join "," . }}
{{- end }}
{{- end -}}

{{/* Which rules count: flags first, then paths. */}}
{{- define "easyscale.sources" -}}
{{- if .Values.configMaps.enabled }}
- --config-maps={{ .Values.configMaps.selector }}
{{- end }}
{{- if .Values.scalingRules.enabled }}
- --scaling-rules
{{- end }}
{{- range .Values.trustedNamespaces }}
- --trust-namespace={{ . }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- if .Values.policies }}
- /policies
{{- end }}
{{- range .Values.existingConfigMaps }}
- /config-maps/{{ . }}
{{- end }}
{{- if .Values.limits }}
- /limits
{{- end }}
{{- end -}}

{{/* Whole directories, never a subPath: Kubernetes brings changes of a ConfigMap to these only. */}}
{{- define "easyscale.mounts" -}}
{{- if .Values.policies }}
- {name: policies, mountPath: /policies, readOnly: true}
{{- end }}
{{- range $index, $name := .Values.existingConfigMaps }}
- {name: config-map-{{ $index }}, mountPath: /config-maps/{{ $name }}, readOnly: true}
{{- end }}
{{- if .Values.limits }}
- {name: limits, mountPath: /limits, readOnly: true}
{{- end }}
{{- end -}}

{{- define "easyscale.volumes" -}}
{{- if .Values.policies }}
- name: policies
  configMap:
    name: {{ include "easyscale.fullname" . }}-policies
{{- end }}
{{- range $index, $name := .Values.existingConfigMaps }}
- name: config-map-{{ $index }}
  configMap:
    name: {{ $name }}
{{- end }}
{{- if .Values.limits }}
- name: limits
  configMap:
    name: {{ include "easyscale.fullname" . }}-limits
{{- end }}
{{- end -}}

{{/* "true" where Helm itself talks to the cluster. What `helm template` prints may go to `kubectl apply`, which knows no hooks and
would run the Job of the uninstallation at once. Every API server has the API that is asked for, and `helm template` does not know it. */}}
{{- define "easyscale.hooks" -}}
{{- if .Capabilities.APIVersions.Has "apiregistration.k8s.io/v1" }}true{{ end -}}
{{- end -}}

{{/* What all pods have in common, beside their containers. */}}
{{- define "easyscale.pod" -}}
serviceAccountName: {{ include "easyscale.fullname" . }}
# Else the cluster's Services become variables, and easyscale reads variables that begin with EASYSCALE_.
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* What all containers have in common. */}}
{{- define "easyscale.container" -}}
name: easyscale
image: {{ include "easyscale.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{/* Mistakes that a schema cannot see. */}}
{{- define "easyscale.check" -}}
{{- if not (or .Values.policies .Values.existingConfigMaps .Values.configMaps.enabled .Values.scalingRules.enabled) -}}
{{- fail "\n\nThere is nowhere to read rules from. Set one of: policies, existingConfigMaps, configMaps.enabled, scalingRules.enabled.\n" -}}
{{- end -}}
{{- range $name, $content := .Values.policies -}}
{{- if and (hasSuffix ".toml" $name) (not (kindIs "string" $content)) -}}
{{- fail (printf "\n\npolicies: %q has to be text, since its name says TOML. Or call it .yaml.\n" $name) -}}
{{- end -}}
{{- end -}}
{{- range $value, $labels := dict "extraLabels" .Values.extraLabels "podLabels" .Values.podLabels -}}
{{- range $key, $_ := $labels -}}
{{- if regexMatch "^(app\\.kubernetes\\.io/(name|instance|version|component|part-of|managed-by)|helm\\.sh/chart)$" $key -}}
{{- fail (printf "\n\n%s: %q is a label that the chart sets itself. Leave it out.\n" $value $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $namespace, $limits := .Values.limits -}}
{{- if and (hasKey $limits "minReplicas") (hasKey $limits "maxReplicas") -}}
{{- if gt (int64 $limits.minReplicas) (int64 $limits.maxReplicas) -}}
{{- fail (printf "\n\nlimits: of %q, minReplicas (%v) is above maxReplicas (%v).\n" $namespace $limits.minReplicas $limits.maxReplicas) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.namespaces -}}
{{- range $.Values.trustedNamespaces -}}
{{- if not (has . $.Values.namespaces) -}}
{{- fail (printf "\n\ntrustedNamespaces: %q is not among `namespaces`, so no rules are read there. Add it there, or leave it out.\n" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.restoreOnUninstall (has "--no-leader-election" .Values.extraArgs) -}}
{{- fail "\n\nextraArgs: with --no-leader-election nothing keeps the controller from writing again while `helm uninstall` restores. Leave it out, or set restoreOnUninstall to false.\n" -}}
{{- end -}}
{{- end -}}
