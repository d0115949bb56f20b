# shellcheck shell=bash disable=SC2154  # the settings are set by load_settings
# What provision.sh says at its end, and what --write writes.
#
# Reads:
#   VARIABLES_FILE  the variables.yml of the pipelines, where there is one

VARIABLES_FILE=${VARIABLES_FILE:-$AZURE_FOLDER/../../azure-pipelines/templates/variables.yml}

check_variables_file() {
  [[ $WHAT_IF == false ]] || fail '--write and --what-if exclude each other.'
  [[ -w $VARIABLES_FILE ]] || fail "--write needs a file it may write to at $VARIABLES_FILE (VARIABLES_FILE names another)."
}

# variables: <name> <value> pairs for the pipelines, one a line
variables() {
  printf '%s %s\n' \
    serviceConnectionBuild "$(connection_name build)" \
    serviceConnectionDev "$(connection_name release-dev)" \
    serviceConnectionStaging "$(connection_name release-staging)" \
    serviceConnectionProduction "$(connection_name release-production)" \
    containerRegistry "$REGISTRY_NAME.azurecr.io" \
    modelStore "$(model_store)" \
    resourceGroup "$RESOURCE_GROUP" \
    aksCluster "$AKS_CLUSTER" \
    namespaceDev "$(namespace_of dev)" \
    namespaceStaging "$(namespace_of staging)" \
    namespaceProduction "$(namespace_of production)" \
    dnsLabelDev "$DNS_LABEL_PREFIX-dev" \
    dnsLabelStaging "$DNS_LABEL_PREFIX-staging" \
    dnsLabelProduction "$DNS_LABEL_PREFIX-production"
}

model_store() { printf 'https://%s.blob.core.windows.net/%s' "$STORAGE_ACCOUNT" "$STORAGE_CONTAINER"; }

# told <name>: its value in the pipelines' variables, or nothing
told() { [[ ! -r $VARIABLES_FILE ]] || sed -nE "s/^ *$1: *'?([^']*)'?\$/\1/p" "$VARIABLES_FILE"; }

report() {
  local values name value where='the pipelines'
  values=$(variables)
  [[ ! -e $VARIABLES_FILE ]] || where='variables.yml of the pipelines (provision.sh --write puts them there)'
  printf '\nFor %s:\n\n' "$where"
  while read -r name value; do printf '  %s: %s\n' "$name" "$value"; done <<<"$values"
  printf '\nTokens that are believed. Each pair must equal, to the letter, what the other side shows:\n\n'
  printf '%s' "$TRUSTED" | sed 's/^/  /'
  [[ -n $AZURE_DEVOPS_ORGANIZATION ]] ||
    printf '\nNo service connections were made: set AZURE_DEVOPS_ORGANIZATION and AZURE_DEVOPS_PROJECT, and run this again.\n'
  [[ -z $GITHUB_REPOSITORY ]] || report_github
  report_pods
  report_costs
  [[ $WRITE == false ]] || write_variables "$values"
}

# A release has its model inside, so its pods need no identity of their own.
report_pods() {
  local client
  client=$(identity_value "$(identity_name pod)" clientId)
  printf '\nFor pods that pull their model from the store themselves (the chart with model.mode=pulled):\n\n'
  printf '  workloadIdentity.clientId: %s\n' "$(required "$client" 'client id of the pod identity')"
}

# What the workflow reads as `vars`: names and ids, no secrets.
report_github() {
  local client image model trust
  client=$(identity_value "$(identity_name build)" clientId)
  image=$(told imageRepository)
  model=$(told modelName)
  trust=$(told modelTrust)
  printf '\nFor the workflow on GitHub, as variables of the repository %s:\n\n' "$GITHUB_REPOSITORY"
  printf '  %s: %s\n' \
    AZURE_CLIENT_ID "$(required "$client" 'client id of the build identity')" \
    AZURE_TENANT_ID "$TENANT_ID" \
    AZURE_SUBSCRIPTION_ID "$SUBSCRIPTION_ID" \
    CONTAINER_REGISTRY "$REGISTRY_NAME.azurecr.io" \
    IMAGE_REPOSITORY "${image:-inference}" \
    MODEL_STORE "$(model_store)" \
    MODEL_NAME "${model:-<name of the model in the store>}" \
    MODEL_TRUST "${trust:-<none: leave it out, and no signature is asked for>}"
}

# Dev, staging and production ask for 2.5 CPUs by the chart's values. A Standard_D2s_v5 has about 1.2 to give: Azure keeps
# 0.1 of its 2, and the pods of the system take the rest.
NODES_FOR_ALL=3

# report_costs: prices.tsv times what is made
report_costs() {
  local noted all=$NODES_FOR_ALL
  ((all > NODE_COUNT_MIN)) || all=$NODE_COUNT_MIN
  noted=$(sed -n 's/^# Noted: //p' "$AZURE_FOLDER/prices.tsv")
  printf '\nWhat this costs while it stands, in US dollars (an estimate with prices of %s, see docs/azure.md):\n\n' "$noted"
  awk -F ' *[|] *' -v least="$NODE_COUNT_MIN" -v all="$all" -v most="$NODE_COUNT_MAX" '
    function together(nodes, when) {
      printf "  %-52s %.2f an hour, about %.0f a month of 730 hours\n", "together, with " nodes " node" (nodes == 1 ? "" : "s") ": " when,
        sum + nodes * node, (sum + nodes * node) * 730
    }
    /^#/ { next }
    $3 == "nodes" { printf "  %-52s    %.4f an hour, each node\n", $1, $2; node += $2; next }
    { printf "  %-52s %2d x %.4f an hour\n", $1, $3, $2; sum += $2 * $3 }
    END {
      together(least, "nothing is deployed yet")
      together(all, "dev, staging and production")
      together(most, "the most, under load")
    }' "$AZURE_FOLDER/prices.tsv"
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
