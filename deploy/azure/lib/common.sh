# shellcheck shell=bash disable=SC2034  # what is set here is for who sources this
# What provision.sh, teardown.sh and doctor.sh share: messages, settings, and how `az` is asked.
#
# Reads:
#   AZURE_ENV      the file of settings; default: azure.env beside these scripts. Its variables may also come from the
#                  environment, which wins
#   WHAT_IF        true: changes are printed, not made (set by --what-if)
# Sets every setting of azure.env, and what follows from them: see `load_settings` and `load_account`.

# With inherit_errexit a failure inside $(...) ends the script too.
shopt -s inherit_errexit 2>/dev/null || {
  echo "error: bash 4.4 or newer is needed, this is $BASH_VERSION (macOS: brew install bash)" >&2
  exit 1
}
AZURE_FOLDER="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
ENVIRONMENTS=(dev staging production)
WHAT_IF=${WHAT_IF:-false}
CHANGES=0
KEPT=0
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

log() { printf '%s\n' "$*" >&2; }

fail() {
  log "error: $*"
  exit 1
}

# quoted <words...>: as one line that a shell reads back as the same words.
quoted() {
  local word line=''
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_@%+=:,./-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
    line+=" $word"
  done
  printf '%s' "${line# }"
}

# look <az arguments...>: the answer as plain text, nothing when there is no such resource; ends the script at any other
# failure, so that "may not read it" is never taken for "is not there".
look() {
  local status=0
  az "$@" --output tsv >"$SCRATCH/answer" 2>"$SCRATCH/errors" || status=$?
  if ((status == 0)); then
    cat "$SCRATCH/answer"
  elif ((status != 3)) && ! grep -qE '\((Parent)?Resource(Group)?NotFound\)' "$SCRATCH/errors"; then
    cat "$SCRATCH/errors" >&2
    fail "az can't tell: $(quoted az "$@")"
  fi
}

# change <what> <az arguments...>: makes one change, or prints it with --what-if.
change() {
  local what=$1
  shift
  CHANGES=$((CHANGES + 1))
  if [[ $WHAT_IF == true ]]; then
    printf '+ %s\n    %s\n' "$what" "$(quoted az "$@")"
    return
  fi
  log "+ $what"
  az "$@" --output none || fail "$what: az failed, see above. Mend that and run this again: it goes on from here."
}

# kept <what>: it is as it should be.
kept() {
  KEPT=$((KEPT + 1))
  log "= $1"
}

# load_settings: azure.env, where the environment doesn't say otherwise.
load_settings() {
  local file=${AZURE_ENV:-$AZURE_FOLDER/azure.env} name value
  [[ -r $file ]] || fail "there are no settings at $file. AZURE_ENV names the file; $AZURE_FOLDER/azure.env is the model."
  while IFS='=' read -r name value; do
    [[ $name =~ ^[A-Z][A-Z_]*$ ]] || continue
    [[ -n ${!name+set} ]] || printf -v "$name" '%s' "$value"
  done <"$file"
  expect PROJECT_NAME '^[a-z][a-z0-9-]{1,18}[a-z0-9]$' '3 to 20 lower-case letters, digits and hyphens'
  expect LOCATION '^[a-z0-9]+$' 'a region such as eastus2'
  expect STORAGE_CONTAINER '^[a-z0-9][a-z0-9-]{2,62}$' '3 to 63 lower-case letters, digits and hyphens'
  expect SOFT_DELETE_DAYS '^[1-9][0-9]{0,2}$' 'a number of days from 1 to 365'
  expect REGISTRY_SKU '^(Basic|Standard|Premium)$' 'Basic, Standard or Premium'
  expect NODE_COUNT_MIN '^[1-9][0-9]{0,2}$' 'a number from 1'
  expect NODE_COUNT_MAX '^[1-9][0-9]{0,2}$' 'a number from 1'
  ((NODE_COUNT_MIN <= NODE_COUNT_MAX)) || fail "NODE_COUNT_MIN=$NODE_COUNT_MIN is more than NODE_COUNT_MAX=$NODE_COUNT_MAX."
  expect APP_ROUTING '^(true|false)$' 'true or false'
  expect MONITORING '^(true|false)$' 'true or false'
  expect NAMESPACE_PREFIX '^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$' 'lower-case letters, digits and hyphens'
  expect SERVICE_ACCOUNT '^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$' 'lower-case letters, digits and hyphens'
  expect DATA_SCIENTIST_TYPE '^(User|Group|ServicePrincipal)$' 'User, Group or ServicePrincipal'
  expect GITHUB_REPOSITORY '^([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?$' 'owner/name, or nothing'
  expect AZURE_DEVOPS_ORGANIZATION '^[A-Za-z0-9-]*$' 'the name after https://dev.azure.com/, or nothing'
  expect AZURE_DEVOPS_PROJECT '^[^/"\\]*$' "the project's name"
  [[ -z $AZURE_DEVOPS_ORGANIZATION || -n $AZURE_DEVOPS_PROJECT ]] || fail 'AZURE_DEVOPS_ORGANIZATION needs AZURE_DEVOPS_PROJECT.'
  RESOURCE_GROUP=${RESOURCE_GROUP:-rg-$PROJECT_NAME}
  AKS_CLUSTER=${AKS_CLUSTER:-aks-$PROJECT_NAME}
  TAG_VALUE="deploy/azure/$PROJECT_NAME"
  TAG="provisionedBy=$TAG_VALUE"
}

# expect <NAME> <pattern> <in words>
expect() {
  [[ ${!1-} =~ $2 ]] || fail "$1=${!1-} is not right: it must be $3. See azure.env."
}

# load_account: who is signed in and to which subscription, and the names that follow from it.
load_account() {
  command -v az >/dev/null || fail 'the Azure CLI is not installed: https://learn.microsoft.com/cli/azure/install-azure-cli'
  local answer digits plain
  answer=$(az account show --query '[id, tenantId, user.type, user.name, name]' --output tsv) ||
    fail 'nobody is signed in. Run: az login, then: az account set --subscription <name or id>'
  { read -r SUBSCRIPTION_ID && read -r TENANT_ID && read -r USER_TYPE && read -r USER_NAME && read -r SUBSCRIPTION_NAME; } <<<"$answer"
  # Settled by the subscription and the project, so that every run finds what an earlier one made.
  digits=$(printf '%s' "$SUBSCRIPTION_ID/$PROJECT_NAME" | cksum | cut -d ' ' -f 1)
  plain=${PROJECT_NAME//-/}
  STORAGE_ACCOUNT=${STORAGE_ACCOUNT:-st${plain:0:12}$digits}
  REGISTRY_NAME=${REGISTRY_NAME:-acr$plain$digits}
  DNS_LABEL_PREFIX=${DNS_LABEL_PREFIX:-$PROJECT_NAME-$digits}
  GROUP_ID="/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP"
  STORAGE_ID="$GROUP_ID/providers/Microsoft.Storage/storageAccounts/$STORAGE_ACCOUNT"
  CONTAINER_ID="$STORAGE_ID/blobServices/default/containers/$STORAGE_CONTAINER"
  REGISTRY_ID="$GROUP_ID/providers/Microsoft.ContainerRegistry/registries/$REGISTRY_NAME"
  CLUSTER_ID="$GROUP_ID/providers/Microsoft.ContainerService/managedClusters/$AKS_CLUSTER"
}

# signed_in_id: the object id of whoever is signed in.
signed_in_id() {
  if [[ $USER_TYPE == user ]]; then
    look ad signed-in-user show --query id
  else
    look ad sp show --id "$USER_NAME" --query id
  fi
}

# identity_name build | pod | release-<environment>
identity_name() { printf 'id-%s-%s' "$PROJECT_NAME" "$1"; }

# connection_name build | release-<environment>: of the service connection in Azure DevOps
connection_name() { printf '%s-%s' "$PROJECT_NAME" "${1#release-}"; }

# namespace_of <environment>
namespace_of() { printf '%s-%s' "$NAMESPACE_PREFIX" "$1"; }
