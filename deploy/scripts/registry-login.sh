#!/usr/bin/env bash
# Signs the container engine and Helm in to an Azure container registry, with a token that lives three hours. It needs
# a signed-in `az`, and the role AcrPush to push.
#
# Reads:
#   REGISTRY              the registry's login server, such as example.azurecr.io
#   REGISTRY_PLAIN_HTTP   true for a local registry: it gets no token, since that would travel unencrypted
#   HELM                  the program; default: helm
#   CONTAINER_ENGINE and the PODMAN_... variables of lib.sh
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need REGISTRY
need_command az "See https://learn.microsoft.com/cli/azure/install-azure-cli"

# Early: the pipeline's own identity token, which az shows for this one, lives ten minutes.
token=$(retry 3 az acr login --name "${REGISTRY%%.*}" --expose-token --query accessToken --output tsv)
if [[ ${REGISTRY_PLAIN_HTTP:-false} == true ]]; then
  log "$REGISTRY speaks plain HTTP: no token is sent to it"
  exit 0
fi
# What ACR documents as the user name of a token.
user=00000000-0000-0000-0000-000000000000
container login "$REGISTRY" --username "$user" --password-stdin <<<"$token" >&2
"${HELM:-helm}" registry login "$REGISTRY" --username "$user" --password-stdin <<<"$token" >&2
