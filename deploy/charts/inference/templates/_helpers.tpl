{{/* Names and labels. Templates that are about one kind of pod take (dict "root" $ "component" ... "track" ...). */}}

{{- define "inference.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "inference.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ default $both .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* Component `server` runs the model, `front` asks a model's endpoint, `test` is helm test's. */}}
{{- define "inference.selectorLabels" -}}
app.kubernetes.io/name: {{ include "inference.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .track }}
track: {{ . }}
{{- end }}
{{- end }}

{{/* name, namespace, labels and annotations of any object; all but `root` is optional. */}}
{{- define "inference.metadata" -}}
{{- $values := .root.Values -}}
name: {{ .name | default (include "inference.fullname" .root) }}{{ with .suffix }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | trunc 63 | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  {{- include "inference.selectorLabels" (dict "root" .root "component" (default "server" .component) "track" .track) | nindent 2 }}
  {{- with merge (dict) (default dict .labels) $values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default dict .annotations) $values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "inference.serviceAccountName" -}}
{{- $default := ternary (include "inference.fullname" .) "default" .Values.serviceAccount.create -}}
{{ default $default .Values.serviceAccount.name }}
{{- end }}

{{/* The image of a track: by digest, or else by tag, or else by the chart's appVersion. */}}
{{- define "inference.image" -}}
{{- $stable := .root.Values.image -}}
{{- $image := $stable -}}
{{- if eq .track "canary" -}}
{{- $canary := .root.Values.canary.image -}}
{{- if or $canary.digest $canary.tag -}}
{{- $image = $canary -}}
{{- end -}}
{{- end -}}
{{- $repository := default $stable.repository $image.repository -}}
{{- if $image.digest -}}
{{ $repository }}@{{ $image.digest }}
{{- else -}}
{{ $repository }}:{{ default .root.Chart.AppVersion $image.tag }}
{{- end -}}
{{- end }}

{{/* Values such as 67108864 are floats here and would print as 6.7108864e+07. */}}
{{- define "inference.scalar" -}}
{{- if and (kindIs "float64" .) (eq (float64 (int64 .)) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* Seconds that a pod may take to end: the app's own grace, and time for its last traces and log lines. */}}
{{- define "inference.gracePeriod" -}}
{{ add (div (add (int (default 25000 .Values.config.SHUTDOWN_GRACE_MS)) 999) 1000) 5 }}
{{- end }}

{{/* Canary pods beside `stable` pods so that they are `weight` percent of both: at least one. */}}
{{- define "inference.canaryReplicas" -}}
{{- $weight := int .root.Values.canary.weight -}}
{{- $rest := sub 100 $weight -}}
{{- if kindIs "invalid" .root.Values.canary.replicaCount -}}
{{ max 1 (div (add (mul .stable $weight) (div $rest 2)) $rest) }}
{{- else -}}
{{ .root.Values.canary.replicaCount }}
{{- end -}}
{{- end }}

{{/* Tracks, as a list in JSON. */}}
{{- define "inference.tracks" -}}
{{ ternary (list "stable" "canary") (list "stable") .Values.canary.enabled | toJson }}
{{- end }}

{{/* The tracks have Services of their own where somebody has to tell them apart. */}}
{{- define "inference.hasTrackServices" -}}
{{- if or .Values.canary.enabled .Values.httpRoute.enabled }}yes{{ end -}}
{{- end }}
