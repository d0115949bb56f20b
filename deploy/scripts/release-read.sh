#!/usr/bin/env bash
# Reads what release-files.sh collected, and tells the steps after it what to deploy.
#
# Reads:
#   RELEASE_DIR   the folder with release.json and the chart
# Writes outputs: commit, appVersion, modelName, modelVersion, modelSha256, imageRepository, imageDigest, chart (its file)
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need RELEASE_DIR
need_command node "Node.js 20.19 or newer reads the JSON."

file=$RELEASE_DIR/release.json
[[ -f $file ]] || fail "$file is missing: RELEASE_DIR must name the artifact \"release\" of a build."
told() {
  node -p "JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8')).$1" "$file"
}
[[ $(told schemaVersion) == 1 ]] || fail "$file has schemaVersion $(told schemaVersion), and this script reads 1."
[[ $(told image.digest) =~ ^sha256:[0-9a-f]{64}$ ]] || fail "$file names no image by its digest: $(told image.digest)"
chart=$RELEASE_DIR/$(basename "$(told chart.file)")
[[ -f $chart ]] || fail "$chart is missing, though $file names it."

output commit "$(told commit)"
output appVersion "$(told app.version)"
output modelName "$(told model.name)"
output modelVersion "$(told model.version)"
output modelSha256 "$(told model.sha256)"
output imageRepository "$(told image.repository)"
output imageDigest "$(told image.digest)"
output chart "$chart"
