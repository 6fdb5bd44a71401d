# Sourced by the scripts beside it, which install Debian packages where that may be done.
# shellcheck shell=bash
may_apt() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
apt_install() {
  say "installing $*"
  local get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  { "${get[@]}" install -y "$@" || { "${get[@]}" update && "${get[@]}" install -y "$@"; }; } >/dev/null
}
