#!/usr/bin/env bash
# The quality gate: every file's SHA-256, the signature, that the model loads and fits its manifest, and that it gets
# its golden samples right. Fails with the exit codes of `model verify` (docs/model-store.md).
#
# Reads:
#   MODEL_DIR             the model's folder; default: $OUT_DIR/model
#   MIN_ACCURACY          the share of the samples that must get their label; default: 1.0, all of them
#   MODEL_TRUST           a public key file that must have signed it; optional
#   HASHES_ONLY           true: do not run the model; default: false
#   EXPECT_MODEL_SHA256   the model has to be this one; optional
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need_command node "Node.js 20.19 or newer runs the model's command line."

MODEL_DIR="${MODEL_DIR:-$OUT_DIR/model}"
[[ -f $MODEL_DIR/model.json ]] || fail "$MODEL_DIR holds no model: model-pull.sh gets one, or set MODEL_DIR."
arguments=("$MODEL_DIR")
if [[ -n ${MODEL_TRUST:-} ]]; then arguments+=(--trust "$MODEL_TRUST"); fi
if [[ ${HASHES_ONLY:-false} == true ]]; then
  arguments+=(--hashes-only)
else
  arguments+=(--min-accuracy "${MIN_ACCURACY:-1.0}")
fi
checked=$(node "$REPOSITORY_ROOT/packages/model-cli/bin/model.js" verify --json "${arguments[@]}")

told() { node -p "JSON.parse(process.argv[1]).$1 ?? ''" "$checked"; }
sha256=$(told manifestSha256)
[[ -z ${EXPECT_MODEL_SHA256:-} || $EXPECT_MODEL_SHA256 == "$sha256" ]] ||
  fail "$MODEL_DIR should hold the model $EXPECT_MODEL_SHA256, and holds $sha256: it is not the one that was checked."
log "$(told name) $(told version) is intact${MODEL_TRUST:+ and signed}"
accuracy=$(told accuracy)
if [[ -n $accuracy ]]; then log "share of its golden samples that are right: $accuracy of $(told samples)"; fi
