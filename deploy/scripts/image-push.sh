#!/usr/bin/env bash
# Pushes the image, reads back under which digest the registry has it, and attaches the list of its parts (SBOM).
# Signing in is done before, by `docker login`, `podman login` or `az acr login`.
#
# Reads:
#   REGISTRY              host[:port], such as myregistry.azurecr.io
#   REPOSITORY            default: inference
#   TAG                   default: the commit's first 12 digits. What is deployed is the digest; the tag is for people
#   IMAGE                 default: what image-build.sh has built, else inference:local
#   COMMIT                default: git rev-parse HEAD
#   REGISTRY_PLAIN_HTTP   true for a local registry without TLS
#   $OUT_DIR/sbom.cdx.json
# Writes, for later steps:
#   imageRepository (REGISTRY/REPOSITORY), imageDigest (sha256:...)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need REGISTRY
IMAGE=${IMAGE:-$(saved image)}
IMAGE=${IMAGE:-inference:local}
REPOSITORY=${REPOSITORY:-inference}
COMMIT=${COMMIT:-$(git -C "$REPOSITORY_ROOT" rev-parse HEAD)}
TAG=${TAG:-${COMMIT:0:12}}
[[ -f $OUT_DIR/sbom.cdx.json ]] || fail "there is no $OUT_DIR/sbom.cdx.json: run image-build.sh first"

remote=$REGISTRY/$REPOSITORY:$TAG
id=$(container image inspect --format '{{.Id}}' "$IMAGE") || fail "there is no image $IMAGE: run image-build.sh first"
container tag "$IMAGE" "$remote"
flags=()
if [[ $(engine) == podman && ${REGISTRY_PLAIN_HTTP:-} == true ]]; then flags+=(--tls-verify=false); fi
retry 3 container push "${flags[@]}" "$remote" >&2

digest=$(node "$REPOSITORY_ROOT/deploy/scripts/src/attach-sbom.js" \
  "$REGISTRY" "$REPOSITORY" "$TAG" "sha256:${id#sha256:}" "$OUT_DIR/sbom.cdx.json")
output imageRepository "$REGISTRY/$REPOSITORY"
output imageDigest "$digest"
