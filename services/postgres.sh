# shellcheck shell=bash
# shellcheck disable=SC2154

as_user() { # PostgreSQL refuses to run as root
  if [ "$(id -u)" != 0 ]; then "$@"; else runuser -u postgres -- "$@"; fi
}

postgres_programs() { # Debian keeps them out of PATH
  local initdb
  find_initdb() { command -v initdb || printf '%s\n' /usr/lib/postgresql/*/bin/initdb | grep -v '[*]' | sort -V | tail -n 1; }
  initdb=$(find_initdb)
  if [ -z "$initdb" ] && may_apt; then
    locked apt apt_install postgresql || true
    initdb=$(find_initdb)
  fi
  [ -n "$initdb" ] || die "PostgreSQL is not installed (on Debian: apt-get install postgresql)"
  dirname "$initdb"
}

postgres_serves() { # also one that nobody noted
  local pid
  pid=$(head -n 1 "$home/postgres/data/postmaster.pid" 2>/dev/null) || return
  [ -n "$(born "$pid")" ] && [[ $(cat "/proc/$pid/comm" 2>/dev/null || ps -o comm= -p "$pid") == *postgres* ]]
}

start_postgres() {
  local programs dir="$home/postgres" port
  programs=$(postgres_programs)
  if ! [ -f "$dir/made" ]; then
    say "making a PostgreSQL cluster"
    rm -rf "$dir"
    mkdir -p "$dir"
    (umask 077 && head -c 24 /dev/urandom | base64 | tr -d '/+=' >"$dir/password")
    [ "$(id -u)" != 0 ] || chown -R postgres "$dir"
    as_user "$programs/initdb" -D "$dir/data" -U chat --pwfile="$dir/password" \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    ln -s data/server.log "$dir/log"
    touch "$dir/made"
  fi
  control_postgres() { (close_inherited && as_user "$programs/pg_ctl" -D "$dir/data" "$@") >/dev/null; }
  if ! postgres_serves; then
    rm -f "$dir/data/postmaster.pid" # PostgreSQL itself would wait for a dead process that nobody has buried
    port=$(port_of postgres)
    if ! control_postgres start -w -t 30 -l "$dir/data/server.log" \
      -o "-c listen_addresses=127.0.0.1 -p $port -c unix_socket_directories=''"; then
      control_postgres stop -m immediate || true
      die "PostgreSQL did not start: $dir/data/server.log says why"
    fi
    (umask 077 && echo "postgres://chat:$(cat "$dir/password")@127.0.0.1:$port/postgres" >"$dir/url")
  fi
  note postgres "$(head -n 1 "$dir/data/postmaster.pid")"
}

stop_postgres() { end postgres INT; } # ends sessions; SIGTERM would wait until they end by themselves
url_postgres() { cat "$home/postgres/url"; }
