#!/usr/bin/env bash
# Writes down what belongs together: the commit, the model, the image and the chart of one release. A release pipeline
# needs nothing else.
#
# Reads:
#   $OUT_DIR/outputs.env   of model-pull.sh, image-push.sh and chart-package.sh
#   COMMIT                 default: git's HEAD
#   APP_VERSION            default: the app's package.json
# Writes $OUT_DIR/release.json
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need_command node "Node.js 20.19 or newer writes the JSON."

COMMIT="${COMMIT:-$(git -C "$REPOSITORY_ROOT" rev-parse HEAD)}"
APP_VERSION="${APP_VERSION:-$(node -p 'require(process.argv[1]).version' "$REPOSITORY_ROOT/apps/inference/package.json")}"
for name in modelName modelVersion modelSha256 imageRepository imageDigest chartFile chartVersion chartDigest; do
  [[ -n $(saved "$name") ]] ||
    fail "$name is missing in $OUT_DIR/outputs.env: model-pull.sh, image-push.sh and chart-package.sh come first."
done

COMMIT=$COMMIT APP_VERSION=$APP_VERSION node -e '
  const { readFileSync, writeFileSync } = require("node:fs")
  const [outputs, target] = process.argv.slice(1)
  const saved = Object.fromEntries(readFileSync(outputs, "utf8").split("\n").filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]))
  const release = {
    schemaVersion: 1,
    createdAt: new Date().toISOString(),
    commit: process.env.COMMIT,
    app: { version: process.env.APP_VERSION },
    model: { name: saved.modelName, version: saved.modelVersion, sha256: saved.modelSha256 },
    image: { repository: saved.imageRepository, digest: saved.imageDigest },
    chart: { ref: saved.chartRef ?? "", version: saved.chartVersion, digest: saved.chartDigest, file: saved.chartFile },
  }
  writeFileSync(target, JSON.stringify(release, null, 2) + "\n")
' "$OUT_DIR/outputs.env" "$OUT_DIR/release.json"
log "wrote $OUT_DIR/release.json"
