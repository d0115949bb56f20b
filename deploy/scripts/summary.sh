#!/usr/bin/env bash
# Writes what a person wants to know of a run as Markdown, and shows it: as a tab of the run in Azure Pipelines, on the
# run's page in GitHub Actions. It says what it knows and leaves out the rest, so it can end every job, also a failed one.
#
# Reads:
#   SUMMARY_TITLE          the heading, and the file's name
#   STATUS                 how the job went so far; optional
#   JUNIT                  patterns of JUnit reports, separated by spaces, in the repository; optional
#   COMMIT                 default: what the release says, else git's HEAD
#   MODEL_DIR              for the model's metrics; default: $OUT_DIR/model
#   NAMESPACE              where it was deployed; optional
#   $OUT_DIR/outputs.env   of the steps before it
#   TF_BUILD, GITHUB_STEP_SUMMARY   set by the two services
# Writes $OUT_DIR/<SUMMARY_TITLE>.md
set -euo pipefail
here="$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
need SUMMARY_TITLE

file="$OUT_DIR/$SUMMARY_TITLE.md"
row() { [[ -z $2 ]] || printf '| %s | %s |\n' "$1" "$2"; }
# shellcheck disable=SC2016  # Markdown's backquotes
code() { [[ -z $1 ]] || printf '`%s`' "$1"; }

# model_metrics: what the model's manifest says of itself.
model_metrics() {
  local manifest="${MODEL_DIR:-$OUT_DIR/model}/model.json"
  [[ -f $manifest ]] || return 0
  # shellcheck disable=SC2016  # a template of JavaScript
  node -p 'const { metrics: m } = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    m ? `top-1 ${m.top1} % of ${m.samples} samples of ${m.dataset}` : ""' "$manifest"
}

# tests: counts over all JUnit reports.
tests() {
  local reports total failed skipped
  # shellcheck disable=SC2206  # patterns are to be expanded
  reports=(${JUNIT:-})
  [[ -f ${reports[0]:-} ]] || return 0
  total=$(cat "${reports[@]}" | grep -o '<testcase' | wc -l)
  failed=$(cat "${reports[@]}" | grep -oE '<(failure|error)\b' | wc -l || true)
  skipped=$(cat "${reports[@]}" | grep -o '<skipped' | wc -l || true)
  echo "$((total - failed - skipped)) passed, $((failed)) failed, $((skipped)) skipped"
}

cd "$REPOSITORY_ROOT"
commit=${COMMIT:-$(saved commit)}
size=$(saved imageSize)
image=$(saved imageRepository)
model=$(saved modelName)
revision=$(saved revision)
{
  printf '## %s\n\n| | |\n| --- | --- |\n' "$SUMMARY_TITLE"
  row Status "${STATUS:-}"
  row Commit "$(code "${commit:-$(git rev-parse HEAD 2>/dev/null || true)}")"
  row Tests "$(tests)"
  row Model "${model:+$model $(saved modelVersion), SHA-256 $(code "$(saved modelSha256)")}"
  row 'Model metrics' "$(model_metrics)"
  row Image "$(code "${image:+$image@$(saved imageDigest)}")"
  row 'Image size' "${size:+$((size / 1000000)) MB}"
  row Chart "$(code "$(saved chartRef)")"
  row Canary "$(saved canaryErrorRate | sed 's/^/error rate /')"
  row 'Deployed to' "${revision:+$(code "${NAMESPACE:-}"), revision $revision}"
  row URL "$(saved url)"
} >"$file"

cat "$file" >&2
if [[ -n ${TF_BUILD:-} ]]; then printf '##vso[task.uploadsummary]%s\n' "$file"; fi
if [[ -n ${GITHUB_STEP_SUMMARY:-} ]]; then cat "$file" >>"$GITHUB_STEP_SUMMARY"; fi
