#!/usr/bin/env bash
# Looks for known vulnerabilities in an image with Trivy, and fails on critical ones that have a fix. Uses an installed
# `trivy` of the wanted version, else Trivy's own image.
#
# Reads:
#   IMAGE           the image in the container engine; default: what image-build.sh has built
#   TRIVY_VERSION   the version, in full
#   TRIVY_IMAGE     where Trivy's own image is; default: ghcr.io/aquasecurity/trivy
#   CONTAINER_ENGINE and the PODMAN_... variables of lib.sh
# Writes $OUT_DIR/vulnerabilities.txt
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
IMAGE=${IMAGE:-$(saved image)}
need IMAGE TRIVY_VERSION

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The archive needs no access to the engine's socket, which would be root's rights for the scanner.
container save --output "$scratch/image.tar" "$IMAGE"
arguments=(image --input "$scratch/image.tar" --severity CRITICAL --ignore-unfixed --exit-code 1 --no-progress)

scan() {
  if command -v trivy >/dev/null && [[ $(trivy --version) == *"$TRIVY_VERSION"* ]]; then
    trivy "${arguments[@]}"
  else
    container run --rm --volume "$scratch:$scratch:ro" "${TRIVY_IMAGE:-ghcr.io/aquasecurity/trivy}:$TRIVY_VERSION" "${arguments[@]}"
  fi
}
if ! scan >"$OUT_DIR/vulnerabilities.txt"; then
  cat "$OUT_DIR/vulnerabilities.txt" >&2
  fail "$IMAGE has critical vulnerabilities that are fixed upstream, or could not be scanned; the reason is above. Update the base image or the package."
fi
cat "$OUT_DIR/vulnerabilities.txt" >&2
