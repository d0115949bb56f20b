# shellcheck shell=bash disable=SC2154  # the settings are set by load_settings
# Azure DevOps, by its REST API and the login of `az`: no extension, no token of one's own.

# Azure DevOps as a resource that Entra gives tokens for.
DEVOPS=499b84ac-1321-427f-aa17-267ca6975798

# devops_url <path, may have a query>: in the organisation's API
devops_url() { printf 'https://dev.azure.com/%s/%s' "$AZURE_DEVOPS_ORGANIZATION" "${1// /%20}"; }

project_id() {
  look rest --method get --resource "$DEVOPS" --query id \
    --url "$(devops_url "_apis/projects/$AZURE_DEVOPS_PROJECT?api-version=7.1")"
}

# connection <build | release-...>: id, client id, issuer and subject of its service connection, tabs between; or nothing
connection() {
  local url
  url=$(devops_url "$AZURE_DEVOPS_PROJECT/_apis/serviceendpoint/endpoints?endpointNames=$(connection_name "$1")&api-version=7.1")
  look rest --method get --resource "$DEVOPS" --url "$url" --query "value[].[id, authorization.parameters.serviceprincipalid, authorization.parameters.workloadIdentityFederationIssuer, authorization.parameters.workloadIdentityFederationSubject]"
}

# The connection first: only Azure DevOps knows which issuer and subject its tokens will carry.
trust_azure_devops() {
  local part found client issuer subject identity wanted project
  project=$(project_id)
  for part in build "${ENVIRONMENTS[@]/#/release-}"; do
    identity=$(identity_name "$part")
    wanted=$(identity_value "$identity" clientId)
    wanted=$(required "$wanted" "client id of $identity")
    found=$(connection "$part")
    if [[ -n $found ]]; then
      kept "service connection $(connection_name "$part")"
    else
      change "service connection $(connection_name "$part")" rest --method post --resource "$DEVOPS" \
        --url "$(devops_url '_apis/serviceendpoint/endpoints?api-version=7.1')" \
        --body "$(connection_body "$(connection_name "$part")" "$wanted" "$project")"
      [[ $WHAT_IF == true ]] || found=$(connection "$part")
    fi
    found=${found:-$'-\t'$wanted$'\t<issuer of the connection>\t<subject of the connection>'}
    IFS=$'\t' read -r _ client issuer subject <<<"$found"
    [[ $client == "$wanted" ]] || fail "the service connection $(connection_name "$part") signs in as client $client, and $identity is $wanted. Rename or delete that connection, then run this again."
    trust "$identity" azure-devops "$issuer" "$subject"
  done
}

# connection_body <name> <client id> <project id>
connection_body() {
  printf '{"name":"%s","description":"%s","type":"AzureRM","url":"https://management.azure.com/",' "$1" "$TAG"
  printf '"data":{"environment":"AzureCloud","scopeLevel":"Subscription","creationMode":"Manual",'
  printf '"subscriptionId":"%s","subscriptionName":"%s"},' "$SUBSCRIPTION_ID" "${SUBSCRIPTION_NAME//[\"\\]/}"
  printf '"authorization":{"scheme":"WorkloadIdentityFederation","parameters":{"tenantid":"%s","serviceprincipalid":"%s"}},' "$TENANT_ID" "$2"
  printf '"isShared":false,"isReady":true,"serviceEndpointProjectReferences":[{"name":"%s","projectReference":{"id":"%s","name":"%s"}}]}' "$1" "$3" "$AZURE_DEVOPS_PROJECT"
}
