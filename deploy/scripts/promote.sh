#!/usr/bin/env bash
# Gives all traffic to the canary's image: deploys it as the release's only one, with everything that deploy.sh does.
#
# Reads: what deploy.sh reads, without IMAGE_REPOSITORY, IMAGE_DIGEST and CANARY.
# Writes outputs: url, revision
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/release.sh"

[[ $(helm get values "$RELEASE" --all --output json | json 'it.canary?.enabled') == true ]] ||
  fail "$RELEASE in $NAMESPACE has no canary: deploy one with CANARY=25 deploy.sh."
canary=$(image_of canary.image)
log "promoting $canary"
unset CANARY
export IMAGE_REPOSITORY="${canary%@*}" IMAGE_DIGEST="${canary#*@}"
exec "$here/deploy.sh"
