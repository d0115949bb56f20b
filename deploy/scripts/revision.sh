#!/usr/bin/env bash
# Notes which revision of the release serves, so that a pipeline can put it back.
#
# Reads: NAMESPACE, RELEASE, KUBECONFIG, HELM, KUBECTL   see release.sh
# Writes outputs: previousRevision (empty when nothing is deployed)
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/release.sh"

# On its own line: a failure inside of the arguments of another command would end nothing.
revision=$(deployed_revision)
output previousRevision "$revision"
