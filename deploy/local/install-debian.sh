#!/usr/bin/env bash
# Installs, on Debian as root, what images, a local registry and a cluster need where there is no Docker: podman and its
# parts, Debian's registry, and debootstrap for a base image. Does nothing where everything is there.
#
# Reads and writes no variables.
set -euo pipefail

packages=(
  podman buildah runc crun netavark aardvark-dns uidmap fuse-overlayfs containernetworking-plugins catatonit
  docker-registry debootstrap ca-certificates curl git
)
missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
((${#missing[@]} > 0)) || exit 0

[[ $(id -u) == 0 ]] || { echo "error: these packages are missing, and installing them needs root: ${missing[*]}" >&2; exit 1; }
echo "installing from Debian: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
# The lists may be missing or old.
install 2>/dev/null || { apt-get update -qq && install; }
# Debian starts it as a service on port 5000, which the local registry needs.
if [[ -d /run/systemd/system && " ${missing[*]} " == *' docker-registry '* ]]; then
  systemctl disable --quiet --now docker-registry
fi
