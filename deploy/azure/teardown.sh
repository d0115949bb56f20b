#!/usr/bin/env bash
# Removes exactly what provision.sh made, and nothing else: service connections and resources that carry its tag, and its
# identities' roles. The resource group goes too, when provision.sh made it and nothing of others is in it.
#   teardown.sh             shows what would go, and asks
#   teardown.sh --what-if   shows what would go
#   teardown.sh --yes       does not ask
#
# Reads: the settings of azure.env, as provision.sh does; the same ones as when it was made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for part in common resources devops; do
  # shellcheck source=/dev/null
  . "lib/$part.sh"
done

YES=false
for argument in "$@"; do
  case $argument in
    --what-if) WHAT_IF=true ;;
    --yes) YES=true ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' teardown.sh && exit ;;
    *) fail "unknown option $argument. There are --what-if, --yes and --help." ;;
  esac
done

load_settings
load_account

# tagged <true | false>: ids of the group's resources that are ours, or that are not
tagged() {
  local comparison='=='
  [[ $1 == true ]] || comparison='!='
  look resource list --resource-group "$RESOURCE_GROUP" --query "[?tags.provisionedBy$comparison'$TAG_VALUE'].id"
}

# our_roles: ids of the role assignments of our identities. They would stay behind as "identity not found".
our_roles() {
  local part id
  for part in build pod "${ENVIRONMENTS[@]/#/release-}"; do
    id=$(identity_value "$(identity_name "$part")" principalId)
    [[ -z $id ]] || look role assignment list --assignee-object-id "$id" --all --fill-principal-name false --query '[].id'
  done
}

# our_connections: ids of service connections that provision.sh made; one that somebody else made is left.
our_connections() {
  [[ -n $AZURE_DEVOPS_ORGANIZATION ]] || return 0
  look rest --method get --resource "$DEVOPS" \
    --url "$(devops_url "$AZURE_DEVOPS_PROJECT/_apis/serviceendpoint/endpoints?api-version=7.1")" \
    --query "value[?description=='$TAG'].id"
}

group_tag=$(look group show --name "$RESOURCE_GROUP" --query 'tags.provisionedBy')
ours=$(tagged true)
foreign=$(tagged false)
roles=$(our_roles)
connections=$(our_connections)
node_group=$(look aks show --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --query nodeResourceGroup)
whole_group=false
[[ $group_tag != "$TAG_VALUE" || -n $foreign ]] || whole_group=true

# list <what> <lines>
list() { [[ -z $2 ]] || printf '%s\n' "  $1${2//$'\n'/$'\n'  $1}"; }
log "Subscription $SUBSCRIPTION_NAME ($SUBSCRIPTION_ID), as $USER_NAME. This goes:"
list 'service connection ' "$connections" >&2
list 'role assignment ' "${roles//$GROUP_ID/...}" >&2
list '' "${ours//$GROUP_ID/...}" >&2
[[ $whole_group == false ]] || log "  the resource group $RESOURCE_GROUP"
[[ -z $node_group ]] || log "  the cluster's own resource group $node_group"
if [[ -n $foreign ]]; then
  log "This stays in $RESOURCE_GROUP, because provision.sh did not make it:"
  list '' "${foreign//$GROUP_ID/...}" >&2
fi
if [[ -z $connections$roles$ours && $whole_group == false ]]; then
  log '  nothing: it is all gone, or was made with other settings.'
  exit
fi
if [[ $WHAT_IF == false && $YES == false ]]; then
  printf 'All models in %s go with it. Type the project name (%s) to go on: ' "$STORAGE_ACCOUNT" "$PROJECT_NAME" >&2
  read -r answer || answer=''
  [[ $answer == "$PROJECT_NAME" ]] || fail 'not confirmed, nothing was removed.'
fi

while read -r id; do
  [[ -z $id ]] || change "remove service connection $id" rest --method delete --resource "$DEVOPS" \
    --url "$(devops_url "_apis/serviceendpoint/endpoints/$id?projectIds=$(project_id)&api-version=7.1")"
done <<<"$connections"
while read -r id; do
  [[ -z $id ]] || change "remove role assignment ${id##*/}" role assignment delete --ids "$id"
done <<<"$roles"
if [[ $whole_group == true ]]; then
  change "remove resource group $RESOURCE_GROUP with all that is in it (about 10 minutes)" \
    group delete --name "$RESOURCE_GROUP" --yes
elif [[ -n $ours ]]; then
  # One call: az deletes in the order in which things let go of each other.
  IFS=$'\n' read -r -d '' -a ids <<<"$ours" || true
  change "remove ${#ids[@]} resources (about 10 minutes)" resource delete --ids "${ids[@]}"
fi
[[ $WHAT_IF == false ]] || exit 0

left=$(look resource list --tag "$TAG" --query '[].id')
left+=$(our_roles)$(our_connections)
if [[ $whole_group == true ]]; then left+=$(look group show --name "$RESOURCE_GROUP" --query id); fi
if [[ -n $node_group ]]; then left+=$(look group show --name "$node_group" --query id); fi
[[ -z $left ]] || fail "this is still there; run this again in a few minutes: $left"
log 'Nothing of it is left.'
