# shellcheck shell=bash disable=SC2154  # the settings are set by load_settings
# What provision.sh says at its end, and what --write writes.
#
# Reads:
#   VARIABLES_FILE  default: azure-pipelines/templates/variables.yml

VARIABLES_FILE=${VARIABLES_FILE:-$AZURE_FOLDER/../../azure-pipelines/templates/variables.yml}

check_variables_file() {
  [[ $WHAT_IF == false ]] || fail '--write and --what-if exclude each other.'
  [[ -w $VARIABLES_FILE ]] || fail "--write needs a file it may write to at $VARIABLES_FILE (VARIABLES_FILE names another)."
}

# variables: <name> <value> pairs for the pipelines, one a line
variables() {
  local client
  client=$(identity_value "$(identity_name pod)" clientId)
  printf '%s %s\n' \
    projectName "$PROJECT_NAME" \
    serviceConnectionBuild "$(connection_name build)" \
    serviceConnectionDev "$(connection_name release-dev)" \
    serviceConnectionStaging "$(connection_name release-staging)" \
    serviceConnectionProduction "$(connection_name release-production)" \
    containerRegistry "$REGISTRY_NAME.azurecr.io" \
    modelStore "https://$STORAGE_ACCOUNT.blob.core.windows.net/$STORAGE_CONTAINER" \
    resourceGroup "$RESOURCE_GROUP" \
    aksCluster "$AKS_CLUSTER" \
    namespaceDev "$(namespace_of dev)" \
    namespaceStaging "$(namespace_of staging)" \
    namespaceProduction "$(namespace_of production)" \
    dnsLabelDev "$DNS_LABEL_PREFIX-dev" \
    dnsLabelStaging "$DNS_LABEL_PREFIX-staging" \
    dnsLabelProduction "$DNS_LABEL_PREFIX-production" \
    workloadIdentityClientId "$(required "$client" 'client id of the pod identity')"
}

report() {
  local values name value
  values=$(variables)
  printf '\nFor azure-pipelines/templates/variables.yml (provision.sh --write puts them there):\n\n'
  while read -r name value; do printf '  %s: %s\n' "$name" "$value"; done <<<"$values"
  printf '\nTokens that are believed. Each pair must equal, to the letter, what the other side shows:\n\n'
  printf '%s' "$TRUSTED" | sed 's/^/  /'
  [[ -n $AZURE_DEVOPS_ORGANIZATION ]] ||
    printf '\nNo service connections were made: set AZURE_DEVOPS_ORGANIZATION and AZURE_DEVOPS_PROJECT, and run this again.\n'
  [[ -z $GITHUB_REPOSITORY ]] || report_github
  report_costs
  [[ $WRITE == false ]] || write_variables "$values"
}

# What azure/login needs in a workflow: ids, no secrets.
report_github() {
  local client
  client=$(identity_value "$(identity_name build)" clientId)
  printf '\nFor the workflow on GitHub, as variables of the repository:\n\n'
  printf '  %s: %s\n' AZURE_TENANT_ID "$TENANT_ID" AZURE_SUBSCRIPTION_ID "$SUBSCRIPTION_ID" \
    AZURE_CLIENT_ID "$(required "$client" 'client id of the build identity')"
}

# report_costs: prices.tsv times what is made
report_costs() {
  printf '\nWhat this costs while it stands, in US dollars (an estimate, see docs/azure.md):\n\n'
  awk -F ' *[|] *' -v nodes="$NODE_COUNT_MIN" '
    /^#/ { next }
    { count = $3 == "nodes" ? nodes : $3
      printf "  %-52s %2d x %.4f an hour\n", $1, count, $2
      sum += $2 * count }
    END { printf "  %-52s %.2f an hour, about %.0f a month of 730 hours\n", "together", sum, sum * 730 }' "$AZURE_FOLDER/prices.tsv"
  if [[ "$LOCATION $NODE_SIZE $REGISTRY_SKU" != 'eastus2 Standard_D2s_v5 Basic' || $MONITORING == true ]]; then
    printf '  These prices are for Standard_D2s_v5 in eastus2, a Basic registry and no monitoring: yours differ.\n'
  fi
}

# write_variables <pairs>: replaces the values of names that the file has, and says which it lacks.
write_variables() {
  local name value
  cp "$VARIABLES_FILE" "$SCRATCH/variables.yml"
  while read -r name value; do
    if ! grep -qE "^ *$name:" "$SCRATCH/variables.yml"; then
      log "  $VARIABLES_FILE has no $name"
      continue
    fi
    sed -E "s|^( *$name:).*|\1 $value|" "$SCRATCH/variables.yml" >"$SCRATCH/variables.new"
    mv "$SCRATCH/variables.new" "$SCRATCH/variables.yml"
  done <<<"$1"
  cp "$SCRATCH/variables.yml" "$VARIABLES_FILE"
  log "Wrote $VARIABLES_FILE"
}
