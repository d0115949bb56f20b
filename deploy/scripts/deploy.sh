#!/usr/bin/env bash
# Installs or upgrades the release, waits for its pods, runs `helm test`, prints the URL and what changed. When any of
# it fails: shows the cluster's warnings and the pods' last logs, and puts the old revision back (a first installation
# is taken away again). The same when it is interrupted.
#
# Reads:
#   NAMESPACE, RELEASE, TIMEOUT, KUBECONFIG, HELM, KUBECTL   see release.sh
#   CHART              the chart: a folder, a .tgz or an oci:// reference
#   IMAGE_REPOSITORY, IMAGE_DIGEST
#                      the image; default: what the chart carries (chart-package.sh puts it there)
#   VALUES_FILES       values files, separated by spaces; optional
#   VALUES_DIR         the folder that they are in; default: the current one
#   AZURE_DNS_LABEL    first part of the load balancer's name on Azure; optional
#   HELM_ARGS          more arguments for `helm upgrade`, separated by spaces; optional
#   CANARY             percent of the traffic that the image is to get beside the image that runs now; optional. Then
#                      IMAGE_REPOSITORY and IMAGE_DIGEST are needed, and promote.sh or rollback.sh comes next
# Writes outputs: url, revision
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/release.sh"
need CHART

[[ -n ${IMAGE_DIGEST:-} || -z ${IMAGE_REPOSITORY:-} ]] ||
  fail "IMAGE_REPOSITORY without IMAGE_DIGEST: give the digest that image-push.sh printed."
[[ -z ${IMAGE_DIGEST:-} || $IMAGE_DIGEST =~ ^sha256:[0-9a-f]{64}$ ]] ||
  fail "IMAGE_DIGEST must be sha256: and 64 hexadecimal digits, and is: $IMAGE_DIGEST"

before=$(revisions)
old=$(json 'it.findLast(({ status }) => status === "deployed")?.revision' <<<"$before")
case $(json 'it.at(-1)?.status' <<<"$before") in
  pending-*)
    mend=${old:+rollback.sh}
    fail "another deployment of $RELEASE is under way, or was killed. If it was: ${mend:-helm uninstall $RELEASE -n $NAMESPACE}, then try again."
    ;;
esac
[[ $before == '[]' || -n $old ]] ||
  fail "$RELEASE has revisions, but none that was ever good: helm uninstall $RELEASE -n $NAMESPACE, then try again."

arguments=(--install --wait --timeout "$TIMEOUT")
for file in ${VALUES_FILES:-}; do arguments+=(--values "${VALUES_DIR:+$VALUES_DIR/}$file"); done
if [[ -n ${CANARY:-} ]]; then
  need IMAGE_REPOSITORY IMAGE_DIGEST
  [[ -n $old ]] || fail "a canary needs a release beside which it can run: deploy without CANARY first."
  stable=$(image_of image)
  arguments+=(
    --set "image.repository=${stable%@*}" --set "image.digest=${stable#*@}" --set canary.enabled=true
    --set "canary.weight=$CANARY" --set "canary.image.repository=$IMAGE_REPOSITORY"
    --set "canary.image.digest=$IMAGE_DIGEST"
  )
elif [[ -n ${IMAGE_DIGEST:-} ]]; then
  need IMAGE_REPOSITORY
  arguments+=(--set "image.repository=$IMAGE_REPOSITORY" --set "image.digest=$IMAGE_DIGEST")
fi
[[ -z ${AZURE_DNS_LABEL:-} ]] || arguments+=(--set "service.azureDnsLabel=$AZURE_DNS_LABEL")
read -ra more <<<"${HELM_ARGS:-}"
arguments+=("${more[@]}")
# Asked for only where it is missing: who may write in a namespace seldom may make one.
kubectl get namespace "$NAMESPACE" >/dev/null 2>&1 || arguments+=(--create-namespace)

undo() {
  local status=$?
  trap '' INT TERM
  trap - EXIT
  log "error: the deployment failed"
  show_failure
  # Those of helm test stay when they fail, and not even an uninstallation would take them away.
  kubectl delete pod --selector "app.kubernetes.io/instance=$RELEASE,app.kubernetes.io/component=test" --ignore-not-found >&2 || true
  [[ $(revisions) != "$before" ]] || fail "nothing was changed; the reason is above."
  if [[ -n $old ]]; then
    helm rollback "$RELEASE" "$old" --wait --timeout 5m >&2 ||
      fail "and going back to revision $old failed too. Look at: helm history $RELEASE -n $NAMESPACE"
    fail "$RELEASE is back on revision $old; the reason is above."
  fi
  helm uninstall "$RELEASE" --wait --timeout 5m >&2 || true
  log "the first installation of $RELEASE failed and was taken away again; the reason is above."
  exit $((status == 0 ? 1 : status))
}
trap undo EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

log "deploying $RELEASE to $NAMESPACE${old:+, where revision $old runs}"
helm upgrade "$RELEASE" "$CHART" "${arguments[@]}" >&2
helm test "$RELEASE" --timeout "$TIMEOUT" >&2
revision=$(deployed_revision)
trap - EXIT

if [[ -n $old ]]; then
  log "what changed from revision $old to $revision:"
  what_changed "$old" "$revision" >&2
fi
url=$(release_url)
output revision "$revision"
output url "$url"
