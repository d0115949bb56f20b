#!/usr/bin/env bash
# Looks at a canary before it gets all traffic. Each of its pods scores golden samples beside what users send; then the
# pods' own metrics tell the share of requests that failed (5xx) and the time within which 95 % were answered.
#
# Reads:
#   NAMESPACE, RELEASE, KUBECONFIG, KUBECTL   see release.sh
#   MAX_ERROR_RATE     0 to 1; default: 0.01
#   MAX_P95_SECONDS    default: 1. Metrics count in steps, so the answer is the step's upper end
#   WATCH_SECONDS      how long users' requests are awaited; default: 30
#   REQUESTS           how many requests each pod gets from here; default: 20
#   CANARY_SELECTOR    labels of the canary's pods; default: those of the chart
# Writes $OUT_DIR/canary-metrics.txt, and outputs: canaryRequests, canaryErrorRate, canaryP95Seconds
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/release.sh"
MAX_ERROR_RATE="${MAX_ERROR_RATE:-0.01}"
MAX_P95_SECONDS="${MAX_P95_SECONDS:-1}"
for name in MAX_ERROR_RATE MAX_P95_SECONDS; do
  [[ ${!name} =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "$name must be a number such as 0.5, and is: ${!name}"
done
selector=${CANARY_SELECTOR:-app.kubernetes.io/instance=$RELEASE,app.kubernetes.io/component=server,track=canary}

# Not those of an earlier canary that are still ending.
read -ra pods <<<"$(kubectl get pods --selector "$selector" --output json | json 'it.items
  .filter(({ status, metadata }) => status.phase === "Running" && !metadata.deletionTimestamp)
  .map(({ metadata }) => metadata.name).join(" ")')"
((${#pods[@]} > 0)) || fail "$RELEASE has no canary running in $NAMESPACE (pods with $selector)."

log "watching ${pods[*]} for ${WATCH_SECONDS:-30} s"
sleep "${WATCH_SECONDS:-30}"
for pod in "${pods[@]}"; do
  # Inside the pod, so it needs no way in from outside, and reaches the canary and nothing else.
  kubectl exec "$pod" -- node --eval "$(<"$here/src/canary-probe.js")" "${REQUESTS:-20}"
done >"$OUT_DIR/canary-metrics.txt"

# Requests that score, over all pods. A histogram's buckets are cumulative: the first that holds 95 % is the answer.
read -r requests errors p95 < <(awk '
  !/route="(\/score|[^"]*\/infer)"/ { next }
  /^http_requests_total\{/ { requests += $NF; if (/status="5/) errors += $NF }
  /^http_request_duration_seconds_bucket\{/ && match($0, /le="[^"]*"/) {
    bound = substr($0, RSTART + 4, RLENGTH - 5)
    if (bound == "+Inf") all += $NF; else within[bound + 0] += $NF
  }
  END {
    p95 = "over"  # more than the largest bound
    for (bound in within) if (within[bound] >= 0.95 * all && (p95 == "over" || bound + 0 < p95)) p95 = bound + 0
    print requests + 0, errors + 0, p95
  }' "$OUT_DIR/canary-metrics.txt")
((requests > 0)) || fail "the canary has answered no request, so nothing is known of it: $OUT_DIR/canary-metrics.txt"
rate=$(awk "BEGIN { printf \"%.4f\", $errors / $requests }")

output canaryRequests "$requests"
output canaryErrorRate "$rate"
output canaryP95Seconds "$p95"
awk "BEGIN { exit !($rate <= $MAX_ERROR_RATE) }" ||
  fail "$errors of the canary's $requests requests failed: that is a share of $rate, and $MAX_ERROR_RATE is allowed."
if [[ $p95 == over ]] || awk "BEGIN { exit !($p95 > $MAX_P95_SECONDS) }"; then
  fail "95 % of the canary's requests took up to $p95 s, and $MAX_P95_SECONDS s are allowed."
fi
log "the canary is well"
