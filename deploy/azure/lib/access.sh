# shellcheck shell=bash disable=SC2154  # the settings are set by load_settings
# Who may do what, and whose tokens are believed.

CLUSTER_ADMIN='Azure Kubernetes Service RBAC Cluster Admin'
AUDIENCE=api://AzureADTokenExchange
# What the credentials believe, for the report at the end.
TRUSTED=''

# role <who> <principal id> <principal type> <role> <scope> <scope in words>: one role assignment.
role() {
  local id=$2 type=$3 role=$4 scope=$5 what="role $4 for $1 on $6" found=''
  # A placeholder of --what-if has no roles yet.
  [[ $id == '<'* ]] || found=$(role_of "$id" "$role" "$scope")
  if [[ -n $found ]]; then
    kept "$what"
  else
    change "$what" role assignment create --assignee-object-id "$id" --assignee-principal-type "$type" \
      --role "$role" --scope "$scope"
  fi
}

# role_of <principal id> <role> <scope>: the assignment's id, or nothing
role_of() {
  look role assignment list --assignee-object-id "$1" --role "$2" --scope "$3" --fill-principal-name false --query '[0].id'
}

# The table in docs/azure.md. A release needs nothing of the registry: the chart comes with the build's artifact, and the
# nodes pull the image. Nothing here is wider than one registry, one container, one cluster or one namespace.
roles() {
  local environment name id
  name=$(identity_name build)
  id=$(principal "$name")
  role "$name" "$id" ServicePrincipal AcrPush "$REGISTRY_ID" 'the registry'
  role "$name" "$id" ServicePrincipal 'Storage Blob Data Reader' "$CONTAINER_ID" 'the model store'
  for environment in "${ENVIRONMENTS[@]}"; do
    name=$(identity_name "release-$environment")
    id=$(principal "$name")
    role "$name" "$id" ServicePrincipal 'Azure Kubernetes Service Cluster User Role' "$CLUSTER_ID" 'the cluster'
    role "$name" "$id" ServicePrincipal 'Azure Kubernetes Service RBAC Writer' \
      "$CLUSTER_ID/namespaces/$(namespace_of "$environment")" "namespace $(namespace_of "$environment")"
  done
  name=$(identity_name pod)
  id=$(principal "$name")
  role "$name" "$id" ServicePrincipal 'Storage Blob Data Reader' "$CONTAINER_ID" 'the model store'
  # What `az aks create --attach-acr` would do, in a form that a second run can check.
  id=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query identityProfile.kubeletidentity.objectId)
  id=$(required "$id" "principal id of the cluster's nodes")
  role 'the nodes' "$id" ServicePrincipal AcrPull "$REGISTRY_ID" 'the registry'
}

# principal <identity's name>: its object id
principal() {
  local id
  id=$(identity_value "$1" principalId)
  required "$id" "principal id of $1"
}

# The people: who publishes models, and whoever runs this, who makes the namespaces.
people() {
  local me
  me=$(signed_in_id)
  role 'the data scientist' "${DATA_SCIENTIST_ID:-$me}" "$(scientist_type)" 'Storage Blob Data Contributor' "$CONTAINER_ID" 'the model store'
  role 'whoever runs this' "$me" "$(own_type)" "$CLUSTER_ADMIN" "$CLUSTER_ID" 'the cluster'
}
own_type() { if [[ $USER_TYPE == user ]]; then echo User; else echo ServicePrincipal; fi; }
scientist_type() { if [[ -n $DATA_SCIENTIST_ID ]]; then echo "$DATA_SCIENTIST_TYPE"; else own_type; fi; }

# trust <identity's name> <credential's name> <issuer> <subject>: who shows a token with these two is that identity.
trust() {
  local identity=$1 name=$2 issuer=$3 subject=$4 found what="credential $2 of $1"
  TRUSTED+="$(printf '%s\n    issuer   %s\n    subject  %s' "$identity" "$issuer" "$subject")"$'\n'
  found=$(look identity federated-credential show --resource-group "$RESOURCE_GROUP" --identity-name "$identity" \
    --name "$name" --query "join(' ', [issuer, subject])")
  local arguments=(--resource-group "$RESOURCE_GROUP" --identity-name "$identity" --name "$name"
    --issuer "$issuer" --subject "$subject" --audiences "$AUDIENCE")
  case $found in
    "$issuer $subject") kept "$what" ;;
    '') change "$what" identity federated-credential create "${arguments[@]}" ;;
    *) change "$what: was for $found" identity federated-credential update "${arguments[@]}" ;;
  esac
}

# The pods of each namespace that run as the app's service account.
trust_pods() {
  local environment issuer
  issuer=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query oidcIssuerProfile.issuerUrl)
  issuer=$(required "$issuer" "OIDC issuer of $AKS_CLUSTER")
  for environment in "${ENVIRONMENTS[@]}"; do
    trust "$(identity_name pod)" "$environment" "$issuer" \
      "system:serviceaccount:$(namespace_of "$environment"):$SERVICE_ACCOUNT"
  done
}

# The workflow builds, on the main branch only; releases are the work of Azure Pipelines.
trust_github() {
  trust "$(identity_name build)" github https://token.actions.githubusercontent.com \
    "repo:$GITHUB_REPOSITORY:ref:refs/heads/main"
}
