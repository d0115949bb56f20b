#!/usr/bin/env bash
# Pulls a model from the store and tells which one it is.
#
# Reads:
#   MODEL_STORE         the store's URL; docs/model-store.md says how to sign in
#   MODEL_NAME          the model
#   MODEL_VERSION       which version; default: latest
#   MODEL_DIR           where it goes; default: $OUT_DIR/model
#   MODEL_TRUST         a public key file: a model that it has not signed is refused; optional
#   MODEL_STORE_AUTH    how to sign in to Azure; optional
#   SYSTEM_ACCESSTOKEN  in Azure Pipelines: the run's own token, for which Azure gives one of its own
# Writes the model's folder, and outputs: modelName, modelVersion, modelSha256 (of its manifest, which lists the
# SHA-256 of every file)
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need MODEL_STORE MODEL_NAME
need_command node "Node.js 20.19 or newer runs the model's command line."

trust=()
if [[ -n ${MODEL_TRUST:-} ]]; then trust=(--trust "$MODEL_TRUST"); fi
# Set but empty is what a pipeline gives for "not said".
export MODEL_STORE_AUTH="${MODEL_STORE_AUTH:-auto}"
pulled=$(node "$REPOSITORY_ROOT/packages/model-cli/bin/model.js" pull "$MODEL_NAME" --json \
  --out "${MODEL_DIR:-$OUT_DIR/model}" --version "${MODEL_VERSION:-latest}" --store "$MODEL_STORE" "${trust[@]}")

told() { node -p "JSON.parse(process.argv[1]).$1" "$pulled"; }
output modelName "$(told name)"
output modelVersion "$(told version)"
output modelSha256 "$(told manifestSha256)"
