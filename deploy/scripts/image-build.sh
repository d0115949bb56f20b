#!/usr/bin/env bash
# Builds the image of the app and one model, and says what is in it.
#
# Reads:
#   MODEL_DIR          the model's bundle, as model-pull.sh leaves it; default: .local/out/model
#   IMAGE              the image's name; default: inference:local
#   COMMIT             what the image says of its source; default: git rev-parse HEAD
#   APP_VERSION        default: the version in apps/inference/package.json
#   SOURCE_URL         where the source is; default: git's origin, where that is an https URL
#   MIN_ACCURACY       share of the model's samples that must get their label; default: all of them
#   NODE_IMAGE         base of the image; default: in apps/inference/Dockerfile
#   NODE_BUILD_IMAGE   base of the build, with npm; default: NODE_IMAGE, else in apps/inference/Dockerfile
#   EXTRA_CA           file of certificates that npm has to trust, given to the build as a secret;
#                      default: NODE_EXTRA_CA_CERTS
#   BUILD_FLAGS        more options of `build`, separated by spaces, such as --no-cache
# Writes, for later steps:
#   image, imageId, imageSize (bytes)
#   $OUT_DIR/sbom.cdx.json   what is in the image: CycloneDX
#   $OUT_DIR/layers.txt      its layers: name, bytes, digest of the uncompressed layer
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

MODEL_DIR=${MODEL_DIR:-$OUT_DIR/model}
IMAGE=${IMAGE:-inference:local}
[[ -f $MODEL_DIR/model.json ]] ||
  fail "MODEL_DIR=$MODEL_DIR holds no model.json. Pull a model first: MODEL_STORE=... MODEL_NAME=... model-pull.sh"
need_command node 'See the README: Node.js 20.19 or newer.'
MODEL_DIR=$(cd "$MODEL_DIR" && pwd)
cd "$REPOSITORY_ROOT"

COMMIT=${COMMIT:-$(git rev-parse HEAD)}
[[ -z $(git status --porcelain 2>/dev/null) ]] ||
  log "note: there are changes that commit $COMMIT does not hold; the image has them all the same"
# The commit's time and not now's, so that the same commit and model make the same image.
created=$(TZ=UTC0 git show --no-patch --date=iso-strict-local --format=%cd "$COMMIT" 2>/dev/null || true)
if [[ -z ${SOURCE_URL:-} ]]; then
  # Without the user and token that a pipeline may have put into it.
  SOURCE_URL=$(git remote get-url origin 2>/dev/null | sed -nE 's#^https://([^/@]*@)?#https://#p' || true)
fi
manifest() { node -p "const model = JSON.parse(fs.readFileSync(process.argv[1])); $1" "$MODEL_DIR/model.json"; }
APP_VERSION=${APP_VERSION:-$(node -p 'JSON.parse(fs.readFileSync("apps/inference/package.json")).version')}

arguments=(
  --file apps/inference/Dockerfile --tag "$IMAGE" --build-context "model=$MODEL_DIR"
  --build-arg "APP_VERSION=$APP_VERSION" --build-arg "APP_COMMIT=$COMMIT"
  --build-arg "SOURCE_URL=$SOURCE_URL" --build-arg "CREATED=$created"
  --build-arg "MODEL_NAME=$(manifest model.name)" --build-arg "MODEL_VERSION=$(manifest model.version)"
  --build-arg "MODEL_SHA256=$(manifest 'model.files.find(({ path }) => path === model.model).sha256')"
  --build-arg "MANIFEST_SHA256=$(manifest 'crypto.createHash("sha256").update(fs.readFileSync(process.argv[1])).digest("hex")')"
)
NODE_BUILD_IMAGE=${NODE_BUILD_IMAGE:-${NODE_IMAGE:-}}
for name in NODE_IMAGE NODE_BUILD_IMAGE MIN_ACCURACY; do
  [[ -z ${!name:-} ]] || arguments+=(--build-arg "$name=${!name}")
done
EXTRA_CA=${EXTRA_CA:-${NODE_EXTRA_CA_CERTS:-}}
[[ -z $EXTRA_CA ]] || arguments+=(--secret "id=ca,src=$EXTRA_CA")

# Files' times are in the layers: without a fixed one no two builds would have equal layers.
if [[ $(engine) == podman ]]; then
  podman_flags "${NODE_BUILD_IMAGE:-$(sed -n 's/^ARG NODE_BUILD_IMAGE=//p' apps/inference/Dockerfile)}"
  arguments+=(--format docker --layers --timestamp 0)
else
  export DOCKER_BUILDKIT=1
  arguments+=(--provenance=false --build-arg SOURCE_DATE_EPOCH=0)
fi
read -ra more <<<"${BUILD_FLAGS:-}"
container build "${arguments[@]}" "${more[@]}" . >&2

id=$(container image inspect --format '{{.Id}}' "$IMAGE")
size=$(container image inspect --format '{{.Size}}' "$IMAGE")
# The three COPY of the last stage are the top layers.
mapfile -t digests < <(container image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' "$IMAGE" |
  sed '/^$/d' | tail -n 3)
# Newest first: bytes and instruction. Each engine tells exact sizes in its own way only.
history() {
  if [[ $(engine) == podman ]]; then
    # shellcheck disable=SC2016  # JavaScript
    container history --format json "$IMAGE" |
      node -p 'JSON.parse(fs.readFileSync(0)).map(({ size, CreatedBy }) => `${size} ${CreatedBy}`).join("\n")'
  else
    container history --human=false --no-trunc --format '{{.Size}} {{.CreatedBy}}' "$IMAGE"
  fi
}
mapfile -t sizes < <(history | sed -nE 's/^([0-9]+) .*COPY .*/\1/p' | head -n 3)
{
  printf 'dependencies %s %s\n' "${sizes[2]}" "${digests[0]}"
  printf 'model %s %s\n' "${sizes[1]}" "${digests[1]}"
  printf 'app %s %s\n' "${sizes[0]}" "${digests[2]}"
} >"$OUT_DIR/layers.txt"

stopped=$(container create "$IMAGE")
container cp "$stopped:/app/sbom.cdx.json" "$OUT_DIR/sbom.npm.json" >&2
container rm "$stopped" >/dev/null 2>&1
node deploy/scripts/src/sbom.js "$OUT_DIR/sbom.npm.json" "$MODEL_DIR/model.json" "$created" >"$OUT_DIR/sbom.cdx.json"
rm "$OUT_DIR/sbom.npm.json"

output image "$IMAGE"
output imageId "sha256:${id#sha256:}"
output imageSize "$size"
