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
# told <field>: nothing where the manifest does not have it.
told() {
  node -p 'const [, file, field] = process.argv
    field.split(".").reduce((it, key) => it?.[key], JSON.parse(require("node:fs").readFileSync(file, "utf8"))) ?? ""' "$file" "$1"
}
required() {
  local value
  value=$(told "$1")
  [[ -n $value ]] || fail "$file does not tell $1: it was not made by release-manifest.sh."
  echo "$value"
}
[[ $(told schemaVersion) == 1 ]] || fail "$file has schemaVersion $(told schemaVersion), and this script reads 1."
[[ $(told image.digest) =~ ^sha256:[0-9a-f]{64}$ ]] || fail "$file names no image by its digest: $(told image.digest)"
chart=$RELEASE_DIR/$(basename "$(told chart.file)")
[[ -f $chart ]] || fail "$chart is missing, though $file names it."

commit=$(required commit)
appVersion=$(required app.version)
modelName=$(required model.name)
modelVersion=$(required model.version)
modelSha256=$(required model.sha256)
imageRepository=$(required image.repository)
imageDigest=$(required image.digest)
output commit "$commit"
output appVersion "$appVersion"
output modelName "$modelName"
output modelVersion "$modelVersion"
output modelSha256 "$modelSha256"
output imageRepository "$imageRepository"
output imageDigest "$imageDigest"
output chart "$chart"
