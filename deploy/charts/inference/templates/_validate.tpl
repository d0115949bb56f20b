{{/* What the schema can't say: values that only fit together with others. */}}
{{- define "inference.validate" -}}
{{- $v := .Values -}}
{{- if eq $v.model.mode "pulled" -}}
{{- if not (and $v.model.name $v.model.store) -}}
{{- fail "model.mode pulled needs model.name and model.store: which model is to be pulled, and from where?" -}}
{{- end -}}
{{- else if $v.canary.modelVersion -}}
{{- fail "canary.modelVersion needs model.mode pulled: otherwise the model is part of the image, so give canary.image.digest" -}}
{{- end -}}
{{- if $v.canary.enabled -}}
{{- if not (or $v.canary.image.digest $v.canary.image.tag $v.canary.modelVersion) -}}
{{- fail "canary.enabled needs canary.image.digest (or canary.image.tag, or canary.modelVersion): what is it to try?" -}}
{{- end -}}
{{- if and (eq (int $v.canary.weight) 0) (not $v.httpRoute.enabled) -}}
{{- fail "canary.weight 0 needs httpRoute.enabled: with a plain Service every ready pod gets requests" -}}
{{- end -}}
{{- end -}}
{{- if ge (int (default 2000 $v.config.SHUTDOWN_DELAY_MS)) (int (default 25000 $v.config.SHUTDOWN_GRACE_MS)) -}}
{{- fail "config.SHUTDOWN_DELAY_MS must be less than config.SHUTDOWN_GRACE_MS, or no time is left to finish requests" -}}
{{- end -}}
{{- $pods := int (ternary $v.autoscaling.minReplicas $v.replicaCount $v.autoscaling.enabled) -}}
{{- if gt $pods (int $v.autoscaling.maxReplicas) -}}
{{- if $v.autoscaling.enabled -}}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- end -}}
{{- $budget := $v.podDisruptionBudget -}}
{{- if $budget.enabled -}}
{{- $least := $budget.minAvailable -}}
{{- if kindIs "invalid" $least -}}
{{- if eq (int (trimSuffix "%" (toString $budget.maxUnavailable))) 0 -}}
{{- fail (printf "podDisruptionBudget.maxUnavailable %v would block every drain of a node: give more" $budget.maxUnavailable) -}}
{{- end -}}
{{- else -}}
{{- /* Kubernetes rounds a share up. */ -}}
{{- $needed := int $least -}}
{{- if kindIs "string" $least -}}
{{- $needed = div (add (mul (int (trimSuffix "%" $least)) $pods) 99) 100 -}}
{{- end -}}
{{- if ge (int $needed) $pods -}}
{{- fail (printf "podDisruptionBudget.minAvailable %v with %d pods would block every drain of a node: give less, or maxUnavailable" $least $pods) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.service.azureDnsLabel (ne $v.service.type "LoadBalancer") -}}
{{- fail "service.azureDnsLabel needs service.type LoadBalancer" -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not (or $v.httpRoute.parentRefs $v.httpRoute.gateway.create)) -}}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs, or httpRoute.gateway.create" -}}
{{- end -}}
{{- if and $v.httpRoute.gateway.create (not $v.httpRoute.gateway.className) -}}
{{- fail "httpRoute.gateway.create needs httpRoute.gateway.className" -}}
{{- end -}}
{{- if and $v.workloadIdentity.enabled (not $v.workloadIdentity.clientId) -}}
{{- fail "workloadIdentity.enabled needs workloadIdentity.clientId, the managed identity's" -}}
{{- end -}}
{{- if and $v.apiKeys.values $v.apiKeys.existingSecret -}}
{{- fail "give apiKeys.values or apiKeys.existingSecret, not both" -}}
{{- end -}}
{{- range $v.extraEnv -}}
{{- if or (hasKey $v.config .name) (has .name (list "MODEL_DIR" "PORT" "POD_NAME" "IMAGE_DIGEST" "API_KEYS" "MODEL_ENDPOINT" "MODEL_ENDPOINT_API_KEY")) -}}
{{- fail (printf "extraEnv must not set %s: there is a value for it, and one of the two would win" .name) -}}
{{- end -}}
{{- end -}}
{{- end }}
