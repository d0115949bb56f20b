#!/usr/bin/env bash
# Installs kind, for `npm run cluster:up`: there is no official dev container feature for it.
set -euo pipefail

version=v0.32.0
architecture=$(dpkg --print-architecture)
case $architecture in
  amd64) sha256=50030de23cf40a18505f20426f6a8506bedf13c6e509244bd1fa9463721b0f54 ;;
  arm64) sha256=b92cd615e97585de8ddade28ed5cd7feb4248d717c233eea5b03c37298900f5d ;;
  *)
    echo "error: kind has no release for $architecture" >&2
    exit 1
    ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
curl --fail --silent --show-error --location --retry 3 --output "$scratch/kind" \
  "https://kind.sigs.k8s.io/dl/$version/kind-linux-$architecture"
sha256sum --check --quiet <<<"$sha256  $scratch/kind"
sudo install "$scratch/kind" /usr/local/bin/kind
