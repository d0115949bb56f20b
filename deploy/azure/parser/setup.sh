#!/usr/bin/env bash
# Makes a folder with Debian trixie and its azure-cli, whose parser the tests ask whether the scripts' commands are right.
# About 1 GB and two minutes, once. Needs root, debootstrap, and a Debian or Ubuntu whose apt works.
#   deploy/azure/parser/setup.sh <folder>
# Then: AZ_PARSER_ROOT=<folder> npm test -- --filter=@repo/azure
# Does nothing when the folder is ready already.
set -euo pipefail

folder=${1:?"give the folder to make"}
[[ ! -e $folder/ready ]] || exit 0
if [[ $(id -u) != 0 ]] || ! command -v debootstrap >/dev/null; then
  echo 'This needs root and debootstrap (apt-get install debootstrap).' >&2
  exit 1
fi

# The mirror that this machine's own apt uses, where it is one of Debian's archive.
# shellcheck disable=SC2016  # apt-get fills these in
mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
  awk '$2 == "Debian" && $1 !~ /security/ { print $1; exit }')
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
# The CLI reads the list of authorities when it starts.
debootstrap --variant=minbase --include=ca-certificates trixie "$folder" ${mirror:+"$mirror"}

# The way out to the network is this machine's.
cp /etc/resolv.conf /etc/hosts "$folder/etc/"
chroot "$folder" apt-get update -q
chroot "$folder" apt-get install -y -q --no-install-recommends --download-only azure-cli
# Unpacked, not installed: compiling half a million lines of Python that nobody imports would take most of the time.
for package in "$folder"/var/cache/apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" |
    tar --extract --directory "$folder" --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*'
done
chroot "$folder" apt-get clean
touch "$folder/ready"
