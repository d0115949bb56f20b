#!/usr/bin/env bash
# Makes everything on Azure that the pipelines and the app need: see docs/azure.md.
#   provision.sh             makes what is missing and mends what differs. Run it again whenever it was interrupted
#   provision.sh --what-if   prints the plan and changes nothing
#   provision.sh --write     also writes the values into variables.yml of the pipelines
#
# Reads: every setting of azure.env (AZURE_ENV names another file; the environment wins), RETRY_SECONDS (see lib/cluster.sh)
#   and VARIABLES_FILE (what --write writes to, see lib/report.sh).
# Prints the plan or the values on stdout, and what it does on stderr.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
for part in common resources cluster access devops report; do
  # shellcheck source=/dev/null
  . "lib/$part.sh"
done

WRITE=false
for argument in "$@"; do
  case $argument in
    --what-if) WHAT_IF=true ;;
    --write) WRITE=true ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' provision.sh && exit ;;
    *) fail "unknown option $argument. There are --what-if, --write and --help." ;;
  esac
done

load_settings
[[ $WRITE == false ]] || check_variables_file
load_account
log "Subscription $SUBSCRIPTION_NAME ($SUBSCRIPTION_ID), as $USER_NAME"

providers
resource_group
storage_account
blob_protection
blob_container
registry
cluster
autoscaler
[[ $APP_ROUTING == false ]] || app_routing
[[ $MONITORING == false ]] || monitor_workspace
for part in build pod "${ENVIRONMENTS[@]/#/release-}"; do identity "$(identity_name "$part")"; done
roles
people
namespaces
trust_pods
[[ -z $GITHUB_REPOSITORY ]] || trust_github
[[ -z $AZURE_DEVOPS_ORGANIZATION ]] || trust_azure_devops
dns_labels

if [[ $WHAT_IF == true ]]; then
  printf '\nPlan: %s to change, %s as they should be. Nothing was changed.\n' "$CHANGES" "$KEPT"
else
  log "Done: $CHANGES changed, $KEPT were as they should be."
fi
report
