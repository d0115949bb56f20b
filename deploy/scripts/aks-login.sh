#!/usr/bin/env bash
# Writes a kubeconfig for an AKS cluster that asks the signed-in `az` for its tokens, so it holds no secret. Every step
# of a pipeline calls it first, since the login of AzureCLI@2 ends with its step.
#
# Reads:
#   RESOURCE_GROUP, AKS_CLUSTER   the cluster
#   NAMESPACE                     where to look whether the cluster lets us in
#   KUBECONFIG                    the file to write
#   KUBECTL                       the program; default: kubectl
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need RESOURCE_GROUP AKS_CLUSTER NAMESPACE KUBECONFIG
need_command az "See https://learn.microsoft.com/cli/azure/install-azure-cli"
need_command kubelogin "See https://azure.github.io/kubelogin/install.html"

retry 3 az aks get-credentials --resource-group "$RESOURCE_GROUP" --name "$AKS_CLUSTER" --file "$KUBECONFIG" \
  --overwrite-existing --format exec --only-show-errors >&2
chmod 600 "$KUBECONFIG"
kubelogin convert-kubeconfig --kubeconfig "$KUBECONFIG" --login azurecli >&2

# Also gets the cluster's token early: az keeps it, and the identity token that it comes from lives ten minutes.
allowed=$(retry 3 "${KUBECTL:-kubectl}" auth can-i create deployments.apps --namespace "$NAMESPACE") || allowed=no
# The answers of all attempts; a new role may have arrived between them.
[[ ${allowed##*$'\n'} == yes ]] ||
  fail "may not deploy to $NAMESPACE of $AKS_CLUSTER. It takes the roles Azure Kubernetes Service Cluster User on the cluster and Azure Kubernetes Service RBAC Writer on the namespace."
