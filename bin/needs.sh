# Sourced by bin/test and bin/ci: the real services that the tests use, and what becomes of a test that
# lacks something.
# shellcheck shell=bash
lacks() { # a loud skip, or a failure where everything is demanded
  printf '\033[31m== MISSING: %s\033[0m\n' "$*" >&2
  [ "${CHAT_REQUIRE_SERVICES:-}" != 1 ] || exit 1
}

services=(postgres=CHAT_TEST_POSTGRES_URL redis=CHAT_TEST_REDIS_URL s3=CHAT_TEST_S3_URL cassandra=CHAT_TEST_CASSANDRA_HOSTS)
started=() # by us: what runs already is somebody else's, and goes on running

need_balancer() { # for the tests of nodes behind one; bin/services runs none for them
  PATH="$PATH:/usr/sbin:/sbin" command -v haproxy >/dev/null || { may_apt && apt_install haproxy; } || lacks "HAProxy"
}

begin_services() { # in the background
  local service variable
  for service in "${services[@]}"; do
    variable="${service#*=}" service="${service%=*}"
    [ -n "${!variable:-}" ] || bin/services url "$service" >/dev/null || started+=("$service")
  done
  [ ${#started[@]} != 0 ] || return 0
  trap 'wait; bin/services stop "${started[@]}"' EXIT
  bin/services start "${started[@]}" >/dev/null 2>&1 &
}

need_services() { # waits until they answer, and tells the tests where they are
  local service variable url
  [ ${#started[@]} != 0 ] || begin_services
  for service in "${services[@]}"; do
    variable="${service#*=}" service="${service%=*}"
    [ -z "${!variable:-}" ] || continue
    if url=$(bin/services start "$service"); then export "$variable=$url"; else lacks "$service"; fi
  done
}

need_ring() { # three nodes of Cassandra, of this clone: the tests freeze and kill them
  local node hosts
  unset CHAT_TEST_CASSANDRA_HOSTS
  need_services
  for node in cassandra-2 cassandra-3; do bin/services url "$node" >/dev/null || started+=("$node"); done
  [ ${#started[@]} = 0 ] || trap 'wait; bin/services stop "${started[@]}"' EXIT
  hosts=$(bin/services start cassandra-{1,2,3} | paste -sd, -) || lacks "three nodes of Cassandra"
  export CHAT_TEST_CASSANDRA_HOSTS=$hosts
}

need_firefox() {
  command -v firefox-esr >/dev/null || command -v firefox >/dev/null || { may_apt && apt_install firefox-esr; } || { lacks "Firefox" && return 1; }
}

need_webkit() { # with an X server, since it has no headless form
  { command -v WebKitWebDriver && command -v Xvfb; } >/dev/null || { may_apt && apt_install webkit2gtk-driver xvfb; } ||
    { lacks "WebKitGTK, its WebDriver and Xvfb" && return 1; }
}
