# shellcheck shell=bash disable=SC2154  # the settings are set by load_settings
# The cluster and what lies in it.
#
# Reads:
#   RETRY_SECONDS  pause between attempts while a new role assignment is not known everywhere yet; default 20

# A cluster without passwords: people and pipelines sign in with Entra, Azure roles say what they may do inside, pods
# have identities of their own. Cilium enforces the chart's network policy.
cluster() {
  local found what="cluster $AKS_CLUSTER"
  local safe=(--enable-oidc-issuer --enable-workload-identity --enable-aad --enable-azure-rbac --disable-local-accounts)
  found=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query \
    "join(' ', [provisioningState, to_string(oidcIssuerProfile.enabled), to_string(securityProfile.workloadIdentity.enabled), to_string(aadProfile.enableAzureRbac), to_string(disableLocalAccounts)])")
  case $found in
    '') change "$what (5 to 10 minutes)" aks create --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" \
      --location "$LOCATION" --tier free "${safe[@]}" --enable-managed-identity --no-ssh-key \
      --node-vm-size "$NODE_SIZE" --node-count "$NODE_COUNT_MIN" \
      --enable-cluster-autoscaler --min-count "$NODE_COUNT_MIN" --max-count "$NODE_COUNT_MAX" \
      --network-plugin azure --network-plugin-mode overlay --network-dataplane cilium \
      --auto-upgrade-channel patch --node-os-upgrade-channel NodeImage --tags "$TAG" ;;
    'Succeeded true true true true') kept "$what" ;;
    Creating* | Updating*) change "$what: wait until it is made (it is: ${found%% *})" \
      aks wait --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --created ;;
    *) change "$what: settings (they were: $found)" \
      aks update --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" "${safe[@]}" ;;
  esac
}

autoscaler() {
  local found what="autoscaler from $NODE_COUNT_MIN to $NODE_COUNT_MAX nodes" how=--update-cluster-autoscaler
  found=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query \
    "join(' ', [to_string(agentPoolProfiles[0].enableAutoScaling), to_string(agentPoolProfiles[0].minCount), to_string(agentPoolProfiles[0].maxCount)])")
  # The cluster comes into being with it.
  if [[ -z $found || $found == "true $NODE_COUNT_MIN $NODE_COUNT_MAX" ]]; then
    kept "$what"
    return
  fi
  [[ $found == true* ]] || how=--enable-cluster-autoscaler
  change "$what" aks update --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" \
    "$how" --min-count "$NODE_COUNT_MIN" --max-count "$NODE_COUNT_MAX"
}

app_routing() {
  local found
  found=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query ingressProfile.webAppRouting.enabled)
  if [[ $found == true ]]; then
    kept 'application routing'
  else
    change 'application routing' aks approuting enable --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER"
  fi
}

# in_cluster <kubectl command>: runs it inside the cluster, so that no kubectl and no way to its API are needed here.
# A role that was just assigned takes minutes to be known: "Forbidden" is tried again.
in_cluster() {
  local attempt
  for ((attempt = 1; attempt <= 15; attempt++)); do
    az aks command invoke --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --command "$1" \
      --query '[exitCode, logs]' --output tsv >"$SCRATCH/invoked" || fail "az could not run in the cluster: $1"
    if [[ $(head -n 1 "$SCRATCH/invoked") == 0 ]]; then
      tail -n +2 "$SCRATCH/invoked"
      return
    fi
    grep -qi forbidden "$SCRATCH/invoked" || break
    log "  not permitted yet (attempt $attempt of 15): a new role takes a while to be known"
    sleep "${RETRY_SECONDS:-20}"
  done
  fail "in the cluster, $1 failed: $(tail -n +2 "$SCRATCH/invoked")"
}

# change_in_cluster <what> <kubectl command>: as `change`; az itself succeeds even when the command in the cluster fails.
change_in_cluster() {
  if [[ $WHAT_IF == true ]]; then
    change "$1" aks command invoke --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --command "$2"
    return
  fi
  CHANGES=$((CHANGES + 1))
  log "+ $1"
  in_cluster "$2" >/dev/null
}

# The pipelines' roles end at a namespace, so they can't make one.
namespaces() {
  local environment name command me found='' may_look=true label="provisioned-by=$PROJECT_NAME"
  if [[ $WHAT_IF == true ]]; then
    # Our own role may be part of the plan; the namespaces then count as missing.
    me=$(signed_in_id)
    may_look=$(role_of "$me" "$CLUSTER_ADMIN" "$CLUSTER_ID")
  fi
  [[ -z $may_look ]] || found=$(in_cluster "kubectl get namespaces --selector $label --output name")
  for environment in "${ENVIRONMENTS[@]}"; do
    name=$(namespace_of "$environment")
    if grep -qxF "namespace/$name" <<<"$found"; then
      kept "namespace $name"
      continue
    fi
    command="kubectl create namespace $name --dry-run=client --output yaml | kubectl apply --filename -"
    # The restricted Pod Security Standard is what the chart keeps to.
    command+=" && kubectl label --overwrite namespace $name $label pod-security.kubernetes.io/enforce=restricted"
    change_in_cluster "namespace $name" "$command"
  done
}

# The labels are claimed by the services' load balancers at the first release; here it is seen that they can be.
dns_labels() {
  local environment label nodes url free ours=''
  nodes=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query nodeResourceGroup)
  [[ -z $nodes ]] || ours=$(look network public-ip list --resource-group "$nodes" --query '[].dnsSettings.domainNameLabel')
  for environment in "${ENVIRONMENTS[@]}"; do
    label="$DNS_LABEL_PREFIX-$environment"
    url="https://management.azure.com/subscriptions/$SUBSCRIPTION_ID/providers/Microsoft.Network/locations/$LOCATION"
    url+="/CheckDnsNameAvailability?domainNameLabel=$label&api-version=2024-05-01"
    if grep -qxF "$label" <<<"$ours"; then free=true; else free=$(look rest --method get --url "$url" --query available); fi
    [[ $free == true ]] || fail "the DNS label $label is taken in $LOCATION: set DNS_LABEL_PREFIX in azure.env."
    kept "DNS label $label.$LOCATION.cloudapp.azure.com"
  done
}
