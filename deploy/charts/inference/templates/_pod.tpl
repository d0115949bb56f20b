{{/*
The pod of a component and track, as a Deployment's template.
There is no preStop hook: after SIGTERM the app says that it is not ready, takes new connections for SHUTDOWN_DELAY_MS
more, which is what `sleep` in a hook would be for, and then finishes what has begun.
*/}}
{{- define "inference.pod" -}}
{{- $root := .root -}}
{{- $v := .root.Values -}}
metadata:
  labels:
    {{- include "inference.selectorLabels" . | nindent 4 }}
    {{- if $v.workloadIdentity.enabled }}
    azure.workload.identity/use: "true"
    {{- end }}
    {{- with merge (dict) $v.podLabels $v.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
    checksum/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
    {{- with merge (dict) $v.podAnnotations $v.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "inference.podBasics" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "inference.gracePeriod" $root }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if $v.topologySpread.enabled }}
  topologySpreadConstraints:
    {{- range $v.topologySpread.keys }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: {{ $v.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "inference.selectorLabels" (dict "root" $root "component" $.component) | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with $v.affinity }}
  affinity: {{ toJson . }}
  {{- end }}
  containers:
    - name: app
      {{- include "inference.containerBasics" . | nindent 6 }}
      ports:
        - name: http
          containerPort: 8080
      envFrom:
        - configMapRef:
            name: {{ include "inference.fullname" $root }}
      env:
        - name: PORT
          value: "8080"
        - name: MODEL_DIR
          value: {{ include "inference.modelDir" $root }}
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- $image := splitList "@" (include "inference.image" .) }}
        {{- if eq (len $image) 2 }}
        - name: IMAGE_DIGEST
          value: {{ last $image }}
        {{- end }}
        {{- include "inference.apiKeys" $root | nindent 8 }}
        {{- if eq .component "front" }}
        - name: MODEL_ENDPOINT
          value: {{ default (printf "http://%s:%v" (include "inference.fullname" $root) $v.service.port) $v.modelEndpoint.url }}
        {{- with $v.modelEndpoint.apiKeySecret }}
        - name: MODEL_ENDPOINT_API_KEY
          valueFrom:
            secretKeyRef:
              name: {{ . }}
              key: {{ $v.modelEndpoint.apiKeySecretKey }}
        {{- end }}
        {{- end }}
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      startupProbe:
        httpGet:
          path: /readyz
          port: http
        {{- toYaml $v.probes.startup | nindent 8 }}
      readinessProbe:
        httpGet:
          path: /readyz
          port: http
        {{- toYaml $v.probes.readiness | nindent 8 }}
      livenessProbe:
        httpGet:
          path: /healthz
          port: http
        {{- toYaml $v.probes.liveness | nindent 8 }}
      volumeMounts:
        {{- include "inference.volumeMounts" $root | nindent 8 }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* What every pod of this chart has, those of helm test included; they also wait for the service `waitFor`. */}}
{{- define "inference.podBasics" -}}
{{- $v := .root.Values -}}
serviceAccountName: {{ include "inference.serviceAccountName" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $v.podSecurityContext | nindent 2 }}
{{- with $v.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $v.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with $v.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- $pulled := eq $v.model.mode "pulled" }}
{{- if or $pulled .waitFor }}
initContainers:
  {{- if $pulled }}
  {{- include "inference.modelPull" . | nindent 2 }}
  {{- end }}
  {{- with .waitFor }}
  - name: wait-for-service
    {{- include "inference.containerBasics" $ | nindent 4 }}
    command:
      - node
      - --input-type=module
      - --eval
      - |
        {{- $.root.Files.Get "files/wait-for-service.mjs" | nindent 8 }}
      - {{ . }}
  {{- end }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- if eq $v.model.mode "pulled" }}
  - name: model
    emptyDir:
      sizeLimit: {{ $v.model.sizeLimit }}
  {{- if $v.model.trustKey }}
  - name: model-trust
    configMap:
      name: {{ include "inference.fullname" .root }}-model-trust
  {{- end }}
  {{- end }}
  {{- with $v.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What every container has. */}}
{{- define "inference.containerBasics" -}}
{{- $v := .root.Values -}}
image: {{ include "inference.image" . }}
imagePullPolicy: {{ $v.image.pullPolicy }}
securityContext:
  {{- toYaml $v.containerSecurityContext | nindent 2 }}
resources:
  {{- toYaml (ternary $v.modelEndpoint.resources $v.resources (eq .component "front")) | nindent 2 }}
{{- end }}

{{- define "inference.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if eq .Values.model.mode "pulled" }}
- name: model
  mountPath: /app/model
  readOnly: true
{{- end }}
{{- end }}

{{/* A pull replaces its folder by renaming, which it can't do with the mounted one itself: hence a folder within. */}}
{{- define "inference.modelDir" -}}
{{ ternary "/app/model/pulled" "/app/model" (eq .Values.model.mode "pulled") }}
{{- end }}

{{- define "inference.modelPull" -}}
{{- $model := .root.Values.model -}}
{{- $keys := regexFindAll "(?s)-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----" $model.trustKey -1 -}}
- name: model-pull
  {{- include "inference.containerBasics" . | nindent 2 }}
  command:
    - node
    - /app/bin/model.js
    - pull
    - {{ $model.name }}
    - --version={{ ternary (default $model.version .root.Values.canary.modelVersion) $model.version (eq .track "canary") }}
    - --out={{ include "inference.modelDir" .root }}
    {{- range $i, $_ := $keys }}
    - --trust=/etc/model-trust/{{ $i }}.pub
    {{- end }}
  env:
    - name: MODEL_STORE
      value: {{ $model.store }}
    - name: MODEL_STORE_AUTH
      value: {{ $model.auth }}
    {{- with $model.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $model.existingSecret }}
  envFrom:
    - secretRef:
        name: {{ . }}
  {{- end }}
  volumeMounts:
    - name: tmp
      mountPath: /tmp
    - name: model
      mountPath: /app/model
    {{- if $keys }}
    - name: model-trust
      mountPath: /etc/model-trust
      readOnly: true
    {{- end }}
{{- end }}

{{/* API_KEYS as a variable, from the chart's secret or another; nothing without keys. */}}
{{- define "inference.apiKeys" -}}
{{- $keys := .Values.apiKeys -}}
{{- if or $keys.values $keys.existingSecret -}}
- name: API_KEYS
  valueFrom:
    secretKeyRef:
      name: {{ default (include "inference.fullname" .) $keys.existingSecret }}
      key: {{ ternary $keys.existingSecretKey "API_KEYS" (ne $keys.existingSecret "") }}
{{- end -}}
{{- end }}
