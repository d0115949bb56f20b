#!/usr/bin/env bash
# What the scripts here share. Sourced: . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
#
# Reads:
#   OUT_DIR               where steps leave what later steps need; default: .local/out in the repository
#   CONTAINER_ENGINE      docker or podman; default: docker where its engine answers, else podman
#   PODMAN_GLOBAL_FLAGS, PODMAN_RUN_FLAGS, PODMAN_BUILD_FLAGS
#                         podman's options before the command, of `run` and of `build`, separated by spaces; default:
#                         what `podman_flags` finds out
#   TF_BUILD              set in Azure Pipelines: outputs become its variables, and errors are shown as such
#   GITHUB_OUTPUT         set in GitHub Actions: outputs are also appended to that file
# Writes:
#   $OUT_DIR/outputs.env  NAME=VALUE, one a line
# Sets REPOSITORY_ROOT and OUT_DIR, and exports OUT_DIR.

# An older one takes an empty array for an unset variable, and fails somewhere in the middle.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "error: bash 4.4 or newer is needed, this is $BASH_VERSION (macOS: brew install bash, then open a new terminal)" >&2
  exit 1
fi
REPOSITORY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck disable=SC2034  # for who sources this
readonly REPOSITORY_ROOT
export OUT_DIR="${OUT_DIR:-$REPOSITORY_ROOT/.local/out}"
mkdir -p "$OUT_DIR"

# log <message...>: on stderr, since stdout is for answers.
log() { printf '%s\n' "$*" >&2; }

# fail <message...>: says what is wrong and ends the script.
fail() {
  if [[ -n ${TF_BUILD:-} ]]; then
    # A line break would end the command. On stderr, which the service reads too: stdout may be another's answer.
    printf '##vso[task.logissue type=error]%s\n' "${*//$'\n'/ }" >&2
  fi
  log "error: $*"
  exit 1
}

# need <VARIABLE...>: fails unless each of them has a value.
need() {
  local name missing=()
  for name in "$@"; do [[ -n ${!name:-} ]] || missing+=("$name"); done
  ((${#missing[@]} == 0)) && return
  fail "${0##*/} needs ${missing[*]}: set it in the environment. The head of $0 says what it means."
}

# need_command <command> <how to get it>
need_command() { command -v "$1" >/dev/null || fail "$1 is not installed. $2"; }

# retry <times> <command...>: until it succeeds, with pauses of 1, 2, 4, ... seconds.
retry() {
  local times=$1 attempt status
  shift
  for ((attempt = 1; ; attempt++)); do
    "$@" && return
    status=$?
    ((attempt < times)) || break
    log "attempt $attempt of $times failed with exit code $status: $*"
    sleep $((2 ** (attempt - 1)))
  done
  log "all $times attempts failed: $*"
  return "$status"
}

# output <NAME> <VALUE>: for the steps after this one, here, in Azure Pipelines and in GitHub Actions.
output() {
  local name=$1 value=$2 file=$OUT_DIR/outputs.env
  [[ $value != *$'\n'* ]] || fail "output $name has to be one line, and is: $value"
  touch "$file"
  { grep -v "^$name=" "$file" || true; } >"$file.new"
  printf '%s=%s\n' "$name" "$value" >>"$file.new"
  mv "$file.new" "$file"
  if [[ -n ${TF_BUILD:-} ]]; then
    printf '##vso[task.setvariable variable=%s;isOutput=true]%s\n' "$name" "$value"
  fi
  if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf '%s=%s\n' "$name" "$value" >>"$GITHUB_OUTPUT"; fi
  log "$name: $value"
}

# saved <NAME>: what `output` kept, or nothing.
saved() { sed -n "s/^$1=//p" "$OUT_DIR/outputs.env" 2>/dev/null || true; }

# engine: prints docker or podman. `docker info` succeeds without an engine; the server's version is told only by one.
engine() {
  case "${CONTAINER_ENGINE:-}" in
    docker | podman) echo "$CONTAINER_ENGINE" && return ;;
    '') ;;
    *) fail "CONTAINER_ENGINE must be docker or podman, and is: $CONTAINER_ENGINE" ;;
  esac
  if [[ -n $(docker version --format '{{.Server.Version}}' 2>/dev/null) ]]; then
    echo docker
  elif podman version >/dev/null 2>&1; then
    echo podman
  else
    fail "no container engine answers. Start Docker, or install podman (apt-get install podman)."
  fi
}

# container <command> <arguments...>: runs the engine, with what podman needs on this machine.
container() {
  local command=$1 engine
  shift
  engine=$(engine) || exit 1
  if [[ $engine == docker ]]; then
    docker "$command" "$@"
    return
  fi
  local global flags=()
  read -ra global <<<"${PODMAN_GLOBAL_FLAGS:-}"
  case $command in
    run | create) read -ra flags <<<"${PODMAN_RUN_FLAGS:-}" ;;
    build) read -ra flags <<<"${PODMAN_BUILD_FLAGS:-}" ;;
  esac
  podman "${global[@]}" "$command" "${flags[@]}" "$@"
}

# podman_flags <image with node>: finds out what this machine permits podman, and exports the three variables. Inside
# other containers, crun may refuse the cgroups and raising the limits may be forbidden. Does nothing with docker, or
# when one of the variables is set.
podman_flags() {
  local image=$1 try
  [[ $(engine) == podman && -z ${PODMAN_GLOBAL_FLAGS+x}${PODMAN_RUN_FLAGS+x}${PODMAN_BUILD_FLAGS+x} ]] || return 0
  container image inspect "$image" >/dev/null 2>&1 || container pull --quiet "$image" >/dev/null ||
    fail "the image $image can't be pulled. Where no registry is reached: eval \"\$(deploy/local/base-image/base-image.sh)\""
  # Low enough to be at or below most hard limits; raising those is what is forbidden.
  local limits='--ulimit nofile=1024:1024 --ulimit nproc=1024:1024'
  for try in '|' '|--ulimit host' "|$limits" '--runtime runc|' '--runtime runc|--ulimit host' "--runtime runc|$limits"; do
    export PODMAN_GLOBAL_FLAGS="${try%%|*}" PODMAN_RUN_FLAGS="${try#*|}" PODMAN_BUILD_FLAGS=''
    container run --rm --entrypoint node "$image" --version >/dev/null 2>"$OUT_DIR/podman.log" || continue
    [[ $try == '|' ]] && return
    export PODMAN_BUILD_FLAGS='--isolation=chroot'
    log "podman on this machine needs: $PODMAN_GLOBAL_FLAGS run $PODMAN_RUN_FLAGS, build $PODMAN_BUILD_FLAGS"
    return
  done
  fail "podman can't run $image: $(tail -n 3 "$OUT_DIR/podman.log")"
}
