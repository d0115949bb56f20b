#!/usr/bin/env bash
# Collects what a deployment needs of a build in one folder: the release manifest, the chart with the environments'
# values files, the model's manifest with its golden samples (the smoke test scores one), and the SBOM.
#
# Reads:
#   $OUT_DIR/release.json  of release-manifest.sh, and the files of the steps before it
#   MODEL_DIR              the model's folder; default: $OUT_DIR/model
# Writes $OUT_DIR/release
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

MODEL_DIR="${MODEL_DIR:-$OUT_DIR/model}"
chart=$(saved chartFile)
[[ -f $OUT_DIR/release.json && -f $chart ]] ||
  fail "$OUT_DIR holds no release: chart-package.sh and release-manifest.sh come first."
rm -rf "$OUT_DIR/release"
mkdir -p "$OUT_DIR/release/model"
cp "$OUT_DIR/release.json" "$chart" "$REPOSITORY_ROOT"/deploy/charts/inference/values-*.yaml "$OUT_DIR/release/"
cp -r "$MODEL_DIR/model.json" "$MODEL_DIR/samples" "$OUT_DIR/release/model/"
if [[ -f $OUT_DIR/sbom.cdx.json ]]; then cp "$OUT_DIR/sbom.cdx.json" "$OUT_DIR/release/"; fi
log "collected $(cd "$OUT_DIR/release" && printf '%s ' *)in $OUT_DIR/release"
