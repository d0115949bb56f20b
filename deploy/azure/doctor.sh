#!/usr/bin/env bash
# Looks whether provision.sh and the pipelines will get through, and says what to do where they won't. Changes nothing.
#   doctor.sh
#
# Reads: the settings of azure.env, as provision.sh does.
# Exit code: 1 when something has to be mended first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for part in common resources devops; do
  # shellcheck source=/dev/null
  . "lib/$part.sh"
done

PROBLEMS=0
ok() { printf 'ok    %s\n' "$1"; }
note() { printf 'note  %s\n      %s\n' "$1" "$2"; }
problem() {
  PROBLEMS=$((PROBLEMS + 1))
  printf 'STOP  %s\n      %s\n' "$1" "$2"
}
# ask <az arguments...>: the answer, or nothing when it can't be had
ask() { az "$@" --output tsv 2>"$SCRATCH/why" || true; }

tools() {
  local version
  version=$(ask version --query '"azure-cli"')
  # 2.74 is the oldest whose parser the commands were checked with.
  if [[ $(printf '%s\n2.74.0\n' "$version" | sort -V | head -n 1) == 2.74.0 ]]; then
    ok "az $version"
  else
    problem "az is ${version:-of an unknown version}, 2.74.0 or newer is needed" 'Run: az upgrade'
  fi
  local tool
  for tool in git kubectl helm kubelogin; do
    if command -v "$tool" >/dev/null; then
      ok "$tool is installed"
    else
      note "$tool is not installed" 'provision.sh does without it; to look into the cluster from here you need it.'
    fi
  done
}

subscription() {
  local state
  state=$(ask account show --query state)
  if [[ $state == Enabled ]]; then
    ok "subscription $SUBSCRIPTION_NAME ($SUBSCRIPTION_ID), signed in as $USER_NAME"
  else
    problem "subscription $SUBSCRIPTION_NAME is $state" 'Choose another: az account set --subscription <name or id>'
  fi
}

rights() {
  local id held
  id=$(ask ad signed-in-user show --query id)
  [[ $USER_TYPE == user ]] || id=$(ask ad sp show --id "$USER_NAME" --query id)
  held=$(ask role assignment list --assignee-object-id "$id" --include-inherited --include-groups --fill-principal-name false \
    --scope "/subscriptions/$SUBSCRIPTION_ID" --query '[].roleDefinitionName')
  if grep -qxE 'Owner|User Access Administrator|Role Based Access Control Administrator' <<<"$held"; then
    ok 'may assign roles'
  else
    problem "may not assign roles in this subscription (has: ${held:-none})" \
      'Ask for Owner, or for Contributor with Role Based Access Control Administrator, on the subscription or its resource group.'
  fi
}

registered_providers() {
  local registered provider missing=''
  registered=$(ask provider list --query "[?registrationState=='Registered'].namespace")
  for provider in "${PROVIDERS[@]}"; do
    grep -qxF "$provider" <<<"$registered" || missing+=" $provider"
  done
  if [[ -z $missing ]]; then ok 'resource providers'; else note "not registered yet:$missing" 'provision.sh does it.'; fi
}

# room <quota's name> <in words> <vCPUs>
room() {
  local used limit
  { read -r used && read -r limit; } <<<"$(ask vm list-usage --location "$LOCATION" \
    --query "[?name.value=='$1'] | [0].[currentValue, limit]")" || true
  if [[ -z ${limit:-} ]]; then
    note "no quota can be read for $2" "$(head -n 1 "$SCRATCH/why")"
  elif ((limit - used >= $3)); then
    ok "quota of $2: $used of $limit vCPUs used, $3 more for $NODE_COUNT_MAX nodes"
  else
    problem "quota of $2: $used of $limit vCPUs used, $3 more for $NODE_COUNT_MAX nodes" \
      'Lower NODE_COUNT_MAX, choose another NODE_SIZE or LOCATION, or ask for more: https://aka.ms/AzureQuota'
  fi
}

# nodes_of_ours: how many the cluster has; the quota counts them as used
nodes_of_ours() {
  local count
  count=$(ask aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query 'agentPoolProfiles[0].count')
  if [[ $count =~ ^[0-9]+$ ]]; then printf '%s' "$count"; else printf 0; fi
}

quota() {
  local family vcpus blocked wanted
  { read -r family && read -r vcpus && read -r blocked; } <<<"$(ask vm list-skus --location "$LOCATION" \
    --resource-type virtualMachines --size "$NODE_SIZE" --all \
    --query "[?name=='$NODE_SIZE'] | [0].[family, capabilities[?name=='vCPUs'].value | [0], length(restrictions[?type=='Location'])]")" || true
  if [[ -z ${vcpus:-} ]]; then
    problem "there is no VM size $NODE_SIZE in $LOCATION" "See: az vm list-skus --location $LOCATION --output table"
  elif [[ $blocked != 0 ]]; then
    problem "$NODE_SIZE is closed to this subscription in $LOCATION" 'Choose another NODE_SIZE or LOCATION.'
  else
    wanted=$((vcpus * (NODE_COUNT_MAX - $(nodes_of_ours))))
    room "$family" "$NODE_SIZE's family" "$wanted"
    room cores "the region $LOCATION" "$wanted"
  fi
}

# "No hosted parallelism has been purchased or granted" stops more first runs than anything else.
hosted_parallelism() {
  local jobs
  jobs=$(ask rest --method get --resource "$DEVOPS" --query resourceLimit.totalCount --url \
    "$(devops_url '_apis/distributedtask/resourceusage?parallelismTag=Private&poolIsHosted=true&includeRunningRequests=false&api-version=7.1-preview.1')")
  if [[ ! $jobs =~ ^[0-9]+$ ]]; then
    note 'whether jobs may run on Microsoft-hosted agents can not be read' \
      "Look at https://dev.azure.com/$AZURE_DEVOPS_ORGANIZATION/_settings/buildqueue, Parallel jobs."
  elif ((jobs > 0)); then
    ok "$jobs parallel job(s) on Microsoft-hosted agents"
  else
    problem 'no parallel job on Microsoft-hosted agents (for private projects)' \
      "Ask for the free one (takes days): https://aka.ms/azpipelines-parallelism-request. Or buy one:
      https://dev.azure.com/$AZURE_DEVOPS_ORGANIZATION/_settings/buildqueue. Or run an agent of your own and write
      \`pool: { name: Default }\` instead of \`vmImage\`. A public project has another, separate grant."
  fi
}

# The pair that Azure DevOps sends and the pair that Azure believes have to be the same to the letter.
service_connections() {
  local part found issuer subject believed
  for part in build "${ENVIRONMENTS[@]/#/release-}"; do
    found=$(connection "$part")
    if [[ -z $found ]]; then
      note "no service connection $(connection_name "$part") yet" 'provision.sh makes it.'
      continue
    fi
    IFS=$'\t' read -r _ _ issuer subject <<<"$found"
    believed=$(look identity federated-credential list --resource-group "$RESOURCE_GROUP" \
      --identity-name "$(identity_name "$part")" --query "[].join(' ', [issuer, subject])")
    if grep -qxF "$issuer $subject" <<<"$believed"; then
      ok "service connection $(connection_name "$part"): subject $subject"
    else
      problem "service connection $(connection_name "$part") sends what $(identity_name "$part") does not believe" \
        "sent:     $issuer $subject
      believed: ${believed//$'\n'/$'\n'                }
      Run provision.sh: it sets what is believed to what is sent."
    fi
  done
}

load_settings
load_account
tools
subscription
rights
registered_providers
quota
if [[ -n $AZURE_DEVOPS_ORGANIZATION ]]; then
  hosted_parallelism
  service_connections
else
  note 'AZURE_DEVOPS_ORGANIZATION is empty' 'Set it, and the hosted agents and the service connections are looked at too.'
fi
((PROBLEMS == 0)) || fail "$PROBLEMS to mend first."
echo 'Nothing stands in the way.'
