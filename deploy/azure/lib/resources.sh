# shellcheck shell=bash disable=SC2154  # the settings are set by load_settings
# One function a resource. Each looks, and then leaves, makes or mends it.

PROVIDERS=(Microsoft.ContainerRegistry Microsoft.ContainerService Microsoft.ManagedIdentity Microsoft.Network Microsoft.Storage)

# A new subscription knows no resource providers; making a resource then fails.
providers() {
  local registered provider
  [[ $MONITORING == false ]] || PROVIDERS+=(Microsoft.Monitor Microsoft.Insights Microsoft.AlertsManagement)
  registered=$(look provider list --query "[?registrationState=='Registered'].namespace")
  for provider in "${PROVIDERS[@]}"; do
    if grep -qxF "$provider" <<<"$registered"; then
      kept "provider $provider"
    else
      change "provider $provider" provider register --namespace "$provider" --wait
    fi
  done
}

resource_group() {
  local found
  found=$(look group show --name "$RESOURCE_GROUP" --query name)
  if [[ -n $found ]]; then
    kept "resource group $RESOURCE_GROUP"
  else
    change "resource group $RESOURCE_GROUP" \
      group create --name "$RESOURCE_GROUP" --location "$LOCATION" --tags "$TAG"
  fi
}

# Entra only: no account key opens it, and nothing in it can be made public.
storage_account() {
  local found what="storage account $STORAGE_ACCOUNT"
  local closed=(--allow-shared-key-access false --allow-blob-public-access false --https-only true --min-tls-version TLS1_2)
  found=$(look storage account show --resource-group "$RESOURCE_GROUP" --name "$STORAGE_ACCOUNT" --query \
    "join(' ', [to_string(allowSharedKeyAccess), to_string(allowBlobPublicAccess), to_string(enableHttpsTrafficOnly), minimumTlsVersion])")
  case $found in
    '') change "$what" storage account create --resource-group "$RESOURCE_GROUP" --name "$STORAGE_ACCOUNT" \
      --location "$LOCATION" --kind StorageV2 --sku Standard_LRS "${closed[@]}" --tags "$TAG" ;;
    'false false true TLS1_2') kept "$what" ;;
    *) change "$what: closed again (it was: $found)" \
      storage account update --resource-group "$RESOURCE_GROUP" --name "$STORAGE_ACCOUNT" "${closed[@]}" ;;
  esac
}

# A model that was deleted or overwritten by mistake can be brought back.
blob_protection() {
  local found what='versioning and soft delete of blobs'
  found=$(look storage account blob-service-properties show --resource-group "$RESOURCE_GROUP" \
    --account-name "$STORAGE_ACCOUNT" --query "join(' ', [to_string(isVersioningEnabled), to_string(deleteRetentionPolicy.days), to_string(containerDeleteRetentionPolicy.days)])")
  if [[ $found == "true $SOFT_DELETE_DAYS $SOFT_DELETE_DAYS" ]]; then
    kept "$what"
  else
    change "$what" storage account blob-service-properties update --resource-group "$RESOURCE_GROUP" \
      --account-name "$STORAGE_ACCOUNT" --enable-versioning true \
      --enable-delete-retention true --delete-retention-days "$SOFT_DELETE_DAYS" \
      --enable-container-delete-retention true --container-delete-retention-days "$SOFT_DELETE_DAYS"
  fi
}

# By the resource manager (container-rm), which needs no role on the data.
blob_container() {
  local found
  found=$(look storage container-rm show --resource-group "$RESOURCE_GROUP" --storage-account "$STORAGE_ACCOUNT" \
    --name "$STORAGE_CONTAINER" --query name)
  if [[ -n $found ]]; then
    kept "container $STORAGE_CONTAINER"
  else
    change "container $STORAGE_CONTAINER" storage container-rm create --resource-group "$RESOURCE_GROUP" \
      --storage-account "$STORAGE_ACCOUNT" --name "$STORAGE_CONTAINER" --public-access off
  fi
}

# Role assignment mode rbac: AcrPull and AcrPush count. In the other mode, rbac-abac, they are ignored.
registry() {
  local found what="registry $REGISTRY_NAME"
  local settings=(--sku "$REGISTRY_SKU" --admin-enabled false --role-assignment-mode rbac)
  found=$(look acr show --resource-group "$RESOURCE_GROUP" --name "$REGISTRY_NAME" --query \
    "join(' ', [sku.name, to_string(adminUserEnabled), roleAssignmentMode || 'LegacyRegistryPermissions'])")
  case $found in
    '') change "$what" acr create --resource-group "$RESOURCE_GROUP" --name "$REGISTRY_NAME" \
      --location "$LOCATION" "${settings[@]}" --tags "$TAG" ;;
    "$REGISTRY_SKU false LegacyRegistryPermissions") kept "$what" ;;
    *) change "$what: settings (they were: $found)" \
      acr update --resource-group "$RESOURCE_GROUP" --name "$REGISTRY_NAME" "${settings[@]}" ;;
  esac
}

# identity <name>: a user-assigned managed identity. Making one needs no rights in the directory.
identity() {
  local found
  found=$(identity_value "$1" clientId)
  if [[ -n $found ]]; then
    kept "identity $1"
  else
    change "identity $1" \
      identity create --resource-group "$RESOURCE_GROUP" --name "$1" --location "$LOCATION" --tags "$TAG"
  fi
}

# identity_value <name> clientId | principalId
identity_value() { look identity show --resource-group "$RESOURCE_GROUP" --name "$1" --query "$2"; }

# required <value> <what it is>: the value; with --what-if a placeholder for one that doesn't exist yet.
required() {
  if [[ -n $1 ]]; then
    printf '%s' "$1"
  elif [[ $WHAT_IF == true ]]; then
    printf '<%s>' "$2"
  else
    fail "Azure does not tell the $2. Run this again in a minute."
  fi
}

monitor_workspace() {
  local name="amw-$PROJECT_NAME" found id made
  found=$(look monitor account show --resource-group "$RESOURCE_GROUP" --name "$name" --query id)
  if [[ -n $found ]]; then
    kept "monitor workspace $name"
  else
    change "monitor workspace $name" \
      monitor account create --resource-group "$RESOURCE_GROUP" --name "$name" --location "$LOCATION" --tags "$TAG"
  fi
  found=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query azureMonitorProfile.metrics.enabled)
  if [[ $found == true ]]; then
    kept 'metrics of the cluster'
  else
    id="$GROUP_ID/providers/Microsoft.Monitor/accounts/$name"
    change 'metrics of the cluster' aks update --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" \
      --enable-azure-monitor-metrics --azure-monitor-workspace-resource-id "$id"
  fi
  # The add-on makes rules of its own in our group. Without our tag teardown.sh would take them for somebody else's.
  made=$(look resource list --resource-group "$RESOURCE_GROUP" \
    --query "[?contains(name, '$AKS_CLUSTER') && tags.provisionedBy!='$TAG_VALUE'].id")
  while read -r id; do
    [[ -z $id ]] || change "tag of ${id##*/}" resource tag --ids "$id" --tags "$TAG" --is-incremental
  done <<<"$made"
}
