#!/usr/bin/env bash
# Tells whether the store's latest model is another one than the last good build packed. When that can't be told
# because there is no such build, the answer is true: a build too many is better than a model that nobody sees.
#
# Reads:
#   MODEL_STORE, MODEL_NAME, MODEL_STORE_AUTH, SYSTEM_ACCESSTOKEN   as model-pull.sh does
#   LAST_MODEL_SHA256   what the last good build carried; default: what LAST_RELEASE says
#   LAST_RELEASE        the release.json of that build; may be missing
# Writes outputs: modelChanged (true or false)
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need MODEL_STORE MODEL_NAME
need_command node "Node.js 20.19 or newer runs the model's command line."

last=${LAST_MODEL_SHA256:-}
if [[ -z $last && -f ${LAST_RELEASE:-} ]]; then
  last=$(node -p 'JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).model.sha256' "$LAST_RELEASE")
fi
export MODEL_STORE_AUTH="${MODEL_STORE_AUTH:-auto}"
listed=$(node "$REPOSITORY_ROOT/packages/model-cli/bin/model.js" list "$MODEL_NAME" --json --store "$MODEL_STORE")
latest=$(node -p 'JSON.parse(process.argv[1]).versions.find(({ latest }) => latest)?.manifestSha256 ?? ""' "$listed")
[[ -n $latest ]] || fail "$MODEL_STORE has no latest $MODEL_NAME. Publish one, or promote a version."

log "latest in the store: $latest"
log "in the last release: ${last:-there is none}"
if [[ $latest == "$last" ]]; then output modelChanged false; else output modelChanged true; fi
