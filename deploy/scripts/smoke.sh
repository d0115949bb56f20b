#!/usr/bin/env bash
# smoke.sh <url>: asks a running release, from outside, whether it is healthy, is the expected one, knows a golden
# sample of its model, and speaks the Open Inference Protocol.
#
# Reads:
#   MODEL_DIR              the model's folder, for the sample; default: $OUT_DIR/model
#   EXPECT_COMMIT          the commit that GET /version has to tell; optional
#   EXPECT_MODEL_VERSION   the model version that it has to tell; optional
#   OIP_CONFORMANCE        the built suite; default: this repository's
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need_command node "Node.js 20.19 or newer reads the answers."

url=${1:-}
[[ $url == http*://* ]] || fail "usage: ${0##*/} <url>, such as http://10.0.0.1"
url=${url%/}
MODEL_DIR="${MODEL_DIR:-$OUT_DIR/model}"
conformance=${OIP_CONFORMANCE:-$REPOSITORY_ROOT/packages/oip-conformance/bin/oip-conformance.js}

ask() { curl --fail-with-body --silent --show-error --max-time 10 "$@"; }
# expect <what> <expected> <got>
expect() {
  [[ $2 == "$3" ]] || fail "$1 is expected to be: $2, and is: $3"
  log "ok $1: $3"
}

# A new address may need a moment until it leads anywhere.
retry 5 ask --output /dev/null "$url/readyz"
expect 'GET /' Healthy "$(ask "$url/")"

version=$(ask "$url/version")
told() { node -p "JSON.parse(process.argv[1]).$1" "$version"; }
log "it is app $(told app.version), commit $(told app.commit), model $(told model.name) $(told model.version)"
[[ -z ${EXPECT_COMMIT:-} ]] || expect commit "$EXPECT_COMMIT" "$(told app.commit)"
[[ -z ${EXPECT_MODEL_VERSION:-} ]] || expect 'model version' "$EXPECT_MODEL_VERSION" "$(told model.version)"

[[ -f $MODEL_DIR/model.json ]] || fail "$MODEL_DIR holds no model: model-pull.sh gets one, or set MODEL_DIR."
sample() { node -p "JSON.parse(require('node:fs').readFileSync(process.argv[1])).samples[0].$1" "$MODEL_DIR/model.json"; }
# The original's form: a JSON string that holds an array.
answer=$(printf '{"input": "[\\"%s\\"]"}' "$(base64 <"$MODEL_DIR/$(sample file)" | tr -d '\n')" |
  ask --header 'Content-Type: application/json' --data-binary @- "$url/score")
expect "the label of $(sample file)" "$(sample label)" "$(node -p 'JSON.parse(process.argv[1]).result[0][0][0][0]' "$answer")"

[[ -f ${conformance%/bin/*}/dist/cli.js ]] || fail "the conformance suite is not built: npm ci && npm run build"
node "$conformance" "$url" >"$OUT_DIR/conformance.txt" || {
  cat "$OUT_DIR/conformance.txt" >&2
  fail "$url does not keep to the Open Inference Protocol; the failed checks are above."
}
log "ok $(tail -n 1 "$OUT_DIR/conformance.txt")"
