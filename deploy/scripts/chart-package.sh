#!/usr/bin/env bash
# Packages the chart with one image baked in by digest, so that the chart alone is the release.
#
# Reads:
#   IMAGE_REPOSITORY, IMAGE_DIGEST   default: what image-push.sh wrote to $OUT_DIR/outputs.env
#   CHART_VERSION         a semantic version, new for each build; default: the chart's own
#   COMMIT                becomes the appVersion, shortened; default: git's HEAD
#   CHART_DIR             default: deploy/charts/inference
#   CHART_REGISTRY        where it is pushed to, such as oci://registry.example.com/helm; optional
#   REGISTRY_PLAIN_HTTP   true for a local registry
#   HELM                  the program; default: helm
# Writes outputs: chartFile, chartVersion, chartDigest; with CHART_REGISTRY also chartRef, and chartDigest is the
# registry's, else the file's.
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

IMAGE_REPOSITORY="${IMAGE_REPOSITORY:-$(saved imageRepository)}"
IMAGE_DIGEST="${IMAGE_DIGEST:-$(saved imageDigest)}"
need IMAGE_REPOSITORY IMAGE_DIGEST
[[ $IMAGE_DIGEST =~ ^sha256:[0-9a-f]{64}$ ]] || fail "IMAGE_DIGEST must be sha256: and 64 hexadecimal digits, and is: $IMAGE_DIGEST"
need_command "${HELM:-helm}" "See https://helm.sh/docs/intro/install/, or name one in HELM."
CHART_DIR="${CHART_DIR:-$REPOSITORY_ROOT/deploy/charts/inference}"
COMMIT="${COMMIT:-$(git -C "$REPOSITORY_ROOT" rev-parse HEAD)}"
CHART_VERSION="${CHART_VERSION:-$(sed -n 's/^version: *//p' "$CHART_DIR/Chart.yaml")}"
helm() { command "${HELM:-helm}" "$@"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$CHART_DIR" "$work/chart"
awk -v repository="$IMAGE_REPOSITORY" -v digest="$IMAGE_DIGEST" '
  /^[^ #]/ { block = $0 }
  block == "image:" && /^  repository:/ { $0 = "  repository: " repository }
  block == "image:" && /^  digest:/ { $0 = "  digest: " digest }
  { print }' "$CHART_DIR/values.yaml" >"$work/chart/values.yaml"

helm package "$work/chart" --version "$CHART_VERSION" --app-version "${COMMIT:0:12}" --destination "$work" >&2
mv "$work"/*.tgz "$OUT_DIR/"
file=$OUT_DIR/$(sed -n 's/^name: *//p' "$CHART_DIR/Chart.yaml")-$CHART_VERSION.tgz
helm template check "$file" | grep -qF "$IMAGE_REPOSITORY@$IMAGE_DIGEST" ||
  fail "$file does not use $IMAGE_REPOSITORY@$IMAGE_DIGEST: have image.repository and image.digest moved in values.yaml?"
output chartFile "$file"
output chartVersion "$CHART_VERSION"

if [[ -n ${CHART_REGISTRY:-} ]]; then
  plain=()
  [[ ${REGISTRY_PLAIN_HTTP:-} != true ]] || plain=(--plain-http)
  pushed=$(retry 3 helm push "$file" "$CHART_REGISTRY" "${plain[@]}" 2>&1) || fail "the chart could not be pushed: $pushed"
  output chartRef "$CHART_REGISTRY/inference"
  output chartDigest "$(grep -o 'sha256:[0-9a-f]\{64\}' <<<"$pushed" | head -n 1)"
else
  output chartDigest "sha256:$(node -p 'require("node:crypto").createHash("sha256").update(require("node:fs").readFileSync(process.argv[1])).digest("hex")' "$file")"
fi
