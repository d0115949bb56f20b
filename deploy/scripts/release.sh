#!/usr/bin/env bash
# What the scripts share that change a release in a cluster. Sourced after lib.sh.
#
# Reads:
#   NAMESPACE       where the release lives
#   RELEASE         its name; default: inference
#   TIMEOUT         the longest wait for pods and tests, as Helm writes it; default: 5m. Going back after a failure
#                   always gets 5m
#   KUBECONFIG      the cluster; default: kubectl's own
#   NODE_ADDRESS    where a Service of type NodePort is reached from here; default: the first node's address in the
#                   cluster, which Docker Desktop does not lead to
#   HELM_MAX_HISTORY  revisions that are kept; default: 30
#   HELM, KUBECTL   the programs; default: helm (3 or 4) and kubectl

need NAMESPACE
RELEASE="${RELEASE:-inference}"
TIMEOUT="${TIMEOUT:-5m}"
# A failed deployment costs two: itself and the way back. Of Helm's own 10, the last good ones would soon be gone.
export HELM_MAX_HISTORY="${HELM_MAX_HISTORY:-30}"
need_command "${HELM:-helm}" "See https://helm.sh/docs/intro/install/, or name one in HELM."
need_command "${KUBECTL:-kubectl}" "See https://kubernetes.io/docs/tasks/tools/, or name one in KUBECTL."
need_command node "Node.js 20.19 or newer reads what Helm and kubectl answer."

helm() { command "${HELM:-helm}" --namespace "$NAMESPACE" "$@"; }
kubectl() { command "${KUBECTL:-kubectl}" --namespace "$NAMESPACE" "$@"; }

# json <expression>: what it gives for the JSON on stdin, which it calls `it`. Nothing for undefined.
json() { node -e "const it = JSON.parse(require('node:fs').readFileSync(0, 'utf8')); console.log(($1) ?? '')"; }

# revisions: the release's history as JSON; [] when there is no such release. Any other failure ends the script: a
# cluster that does not answer must not look like one without the release.
revisions() {
  local answer
  if answer=$(helm history "$RELEASE" --max 50 --output json 2>&1); then
    echo "$answer"
  elif [[ $answer == *"release: not found"* ]]; then
    echo '[]'
  else
    fail "the cluster does not tell the release's history: $answer"
  fi
}

# deployed_revision: the one that serves, or nothing.
deployed_revision() {
  local answer
  answer=$(revisions) || exit 1
  json 'it.findLast(({ status }) => status === "deployed")?.revision' <<<"$answer"
}

# image_of <value>: repository@digest of the running release's `image` or `canary.image`.
image_of() { helm get values "$RELEASE" --all --output json | json "[it.$1].map((i) => i.repository + '@' + i.digest)[0]"; }

# what_changed <revision> <revision>: changed lines of the manifests. Secrets are left out.
what_changed() {
  # shellcheck disable=SC2016  # awk's own fields
  local without_secrets='
    /^---/ { if (!secret) printf "%s", part; part = ""; secret = 0 }
    /^kind: Secret/ { secret = 1 }
    { part = part $0 "\n" }
    END { if (!secret) printf "%s", part }'
  diff -U0 <(helm get manifest "$RELEASE" --revision "$1" | awk "$without_secrets") \
    <(helm get manifest "$RELEASE" --revision "$2" | awk "$without_secrets") |
    sed -n '/^[-+][^-+]/p' | head -n 40 || true
}

# show_failure: events, pods, and the last logs of those that are not ready.
show_failure() {
  local pod
  {
    echo '--- warnings of the cluster'
    kubectl get events --field-selector type=Warning --sort-by=.lastTimestamp | tail -n 15
    echo '--- pods'
    kubectl get pods --selector "app.kubernetes.io/instance=$RELEASE" --output wide
    for pod in $(kubectl get pods --selector "app.kubernetes.io/instance=$RELEASE" --output json | json '
        it.items.filter(({ status }) => status.phase !== "Succeeded" &&
          !status.conditions?.some(({ type, status }) => type === "Ready" && status === "True"))
        .map(({ metadata }) => metadata.name).join(" ")'); do
      echo "--- last logs of $pod"
      kubectl logs "$pod" --all-containers --prefix --tail=20 || true
      kubectl logs "$pod" --all-containers --prefix --tail=20 --previous 2>/dev/null || true
    done
  } >&2 || true
}

# release_url: where the release is reached: its Ingress, or its Service's address, which for a ClusterIP only the
# cluster and machines with a route into it can use.
release_url() {
  local node=${NODE_ADDRESS:-}
  [[ -n $node ]] || node=$(kubectl get nodes --output 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}' 2>/dev/null || true)
  kubectl get service,ingress --selector "app.kubernetes.io/instance=$RELEASE" --output json | NODE_ADDRESS=$node json '(() => {
    const ingress = it.items.find(({ kind }) => kind === "Ingress")
    const host = ingress?.spec.rules?.[0]?.host
    if (host) return (ingress.spec.tls ? "https://" : "http://") + host
    // The canary and the stable pods may have Services of their own besides the one for both.
    const service = it.items.find(({ kind, metadata: { labels } }) => kind === "Service" && !labels.track &&
      labels["app.kubernetes.io/component"] === "server")
    if (!service) return
    const { type, clusterIP, ports: [port] } = service.spec
    const { hostname, ip } = service.status.loadBalancer?.ingress?.[0] ?? {}
    if (type === "NodePort") return "http://" + process.env.NODE_ADDRESS + ":" + port.nodePort
    const address = type === "LoadBalancer" ? (hostname ?? ip) : clusterIP
    if (address) return "http://" + address + (port.port === 80 ? "" : ":" + port.port)
  })()'
}
