#!/usr/bin/env bash
# Puts an earlier revision of the release back and waits for its pods. It also ends a canary, and frees a release that
# a killed deployment left as pending.
#
# Reads:
#   NAMESPACE, RELEASE, TIMEOUT, KUBECONFIG, HELM, KUBECTL   see release.sh
#   REVISION        which one; default: the last good one before the one that serves. `helm history` lists them
# Writes outputs: url, revision (the new one, a copy of REVISION)
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/release.sh"

before=$(revisions)
[[ $before != '[]' ]] || fail "there is no release $RELEASE in $NAMESPACE."
# Pending, so nothing newer than the deployed one ever served: that one is the way back.
target=${REVISION:-$(json '(() => {
  const good = it.filter(({ status }) => ["deployed", "superseded"].includes(status))
  return it.at(-1).status.startsWith("pending") ? good.at(-1)?.revision : good.at(-2)?.revision
})()' <<<"$before")}
[[ -n $target ]] || fail "$RELEASE has no earlier good revision. See: helm history $RELEASE -n $NAMESPACE"
last=$(json 'it.at(-1).revision' <<<"$before")

if ! helm rollback "$RELEASE" "$target" --wait --timeout "$TIMEOUT" >&2; then
  show_failure
  fail "going back to revision $target failed; the reason is above."
fi
revision=$(deployed_revision)
log "what changed from revision $last to $revision, which is revision $target again:"
what_changed "$last" "$revision" >&2
url=$(release_url)
output revision "$revision"
output url "$url"
