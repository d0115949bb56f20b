#!/usr/bin/env bash
# Starts the image as a cluster would, more strictly than most do, and checks it from outside: src/image-test.js.
#
# Reads:
#   IMAGE      default: what image-build.sh has built, else inference:local
#   MODEL_DIR  the model's bundle that is in it, for its samples; default: .local/out/model
# Writes:
#   $OUT_DIR/image-test.xml   JUnit
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

IMAGE=${IMAGE:-$(saved image)}
export IMAGE=${IMAGE:-inference:local} MODEL_DIR=${MODEL_DIR:-$OUT_DIR/model}
[[ -f $MODEL_DIR/model.json ]] || fail "MODEL_DIR=$MODEL_DIR holds no model.json: it has to be the image's model"
container image inspect "$IMAGE" >/dev/null || fail "there is no image $IMAGE: run image-build.sh first"
podman_flags "$IMAGE"
ENGINE=$(engine)
export ENGINE

node --test --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=junit --test-reporter-destination="$OUT_DIR/image-test.xml" \
  "$REPOSITORY_ROOT/deploy/scripts/src/image-test.js" ||
  fail "the image $IMAGE is not fit for use: see above, or $OUT_DIR/image-test.xml"
