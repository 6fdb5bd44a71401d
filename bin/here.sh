# Sourced by the scripts beside it, which work in the folder of the repository. A relative path in a
# setting starts where the person stands, so it becomes absolute before the folder changes.
# shellcheck shell=bash
absolute() {
  local name
  for name in "$@"; do
    case "${!name:-}" in
      "" | /*) ;;
      *) export "$name=$PWD/${!name}" ;;
    esac
  done
}
absolute CHAT_VAR CHAT_VENV
[[ "${PYTHON:-}" != */* ]] || absolute PYTHON # a bare name is looked up in PATH
for name in $(compgen -e); do
  [[ $name != *_FILE || ! -f "${!name}" ]] || absolute "$name"
done
unset name
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
venv="${CHAT_VENV:-$PWD/.venv}"
