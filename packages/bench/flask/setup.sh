#!/usr/bin/env bash
# Makes a folder with Debian trixie and what the original app needs today: Flask, gunicorn, nginx,
# Pillow and ONNX Runtime for Python. About 600 MB. Needs root, debootstrap, and a Debian or Ubuntu whose apt works.
#   packages/bench/flask/setup.sh <folder>
# Then: npm run bench -- --flask <folder>
set -euo pipefail

folder=${1:?"give the folder to make"}
packages=(python3-onnxruntime python3-flask python3-numpy python3-pil gunicorn nginx-light)

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
  echo 'This needs root and debootstrap (apt-get install debootstrap).' >&2
  exit 1
fi

# The mirror that this machine's own apt uses, where it is one of Debian's archive.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
  awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')
debootstrap --variant=minbase trixie "$folder" ${mirror:+"$mirror"}

# The way out to the network is this machine's.
cp /etc/resolv.conf /etc/hosts "$folder/etc/"
# Installing must not start nginx.
printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
chmod +x "$folder/usr/sbin/policy-rc.d"
chroot "$folder" apt-get update -q
DEBIAN_FRONTEND=noninteractive chroot "$folder" \
  apt-get install -y -q --no-install-recommends "${packages[@]}"
chroot "$folder" apt-get clean
echo "$folder is ready: npm run bench -- --flask $folder"
