{{/* What easyscale needs, and nothing more: docs/permissions.md says what each line is for. */}}
{{- define "easyscale.rules" }}
{{- $runs := eq .Values.mode "controller" }}
# Autoscalers: see them, write their bounds. Never create, update or delete.
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, {{ if $runs }}watch, {{ end }}patch]
# Workloads without an autoscaler: see them, write their scale, but never the workload itself.
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list{{ if $runs }}, watch{{ end }}]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [patch]
# What is remembered of scales: one ConfigMap per namespace. `create` cannot be limited to a name.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [easyscale-state]
  verbs: [get, list, {{ if $runs }}watch, {{ end }}patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
{{- if .Values.events }}
# Changes are told as events{{ if $runs }}, the same again is counted up{{ end }}.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create{{ if $runs }}, patch{{ end }}]
{{- end }}
# Whether another tool drives a workload; only asked where these APIs are installed.
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list{{ if $runs }}, watch{{ end }}]
- apiGroups: [datadoghq.com]
  resources: [datadogpodautoscalers]
  verbs: [list{{ if $runs }}, watch{{ end }}]
{{- if .Values.configMaps.enabled }}
# Rules in ConfigMaps. A label cannot be a limit: it may read them all.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list{{ if $runs }}, watch{{ end }}]
{{- end }}
{{- if .Values.scalingRules.enabled }}
# Rules as objects, and what became of them.
- apiGroups: [easyscale.io]
  resources: [scalingrules]
  verbs: [list{{ if $runs }}, watch{{ end }}]
- apiGroups: [easyscale.io]
  resources: [scalingrules/status]
  verbs: [patch]
{{- end }}
{{- end }}
