{{/* Takes root, component, track, suffix, and replicas: empty where an autoscaler decides. */}}
{{- define "inference.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "inference.metadata" . | nindent 2 }}
spec:
  {{- with .replicas }}
  replicas: {{ . }}
  {{- end }}
  revisionHistoryLimit: {{ .root.Values.revisionHistoryLimit }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: {{ .root.Values.maxSurge }}
  selector:
    matchLabels:
      {{- include "inference.selectorLabels" . | nindent 6 }}
  template:
    {{- include "inference.pod" . | nindent 4 }}
{{- end }}
