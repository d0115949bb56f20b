#!/usr/bin/env bash
# GitHub Actions only: downloads release.json of the last build that got to its end. Only such builds have an artifact
# named `release`. Without one nothing is written, and model-watch.sh asks for a build.
#
# Reads: GITHUB_REPOSITORY, GH_TOKEN (the job's own token, with actions: read)
# Writes .local/last/release.json
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need GITHUB_REPOSITORY GH_TOKEN
need_command gh "GitHub's runners have it: https://cli.github.com"

run=$(retry 3 gh api "repos/$GITHUB_REPOSITORY/actions/artifacts?name=release&per_page=1" \
  --jq '.artifacts[] | select(.expired | not) | .workflow_run.id')
if [[ -z $run ]]; then
  log "there is no release yet"
  exit 0
fi
rm -rf "$REPOSITORY_ROOT/.local/last"
retry 3 gh run download "$run" --repo "$GITHUB_REPOSITORY" --name release --dir "$REPOSITORY_ROOT/.local/last"
