# Sourced by bin/services and bin/cluster: processes that outlive the script which started them. Each has
# a folder $home/NAME with `pid`, `log` and, where it has one of its own, `port`.
# shellcheck shell=bash
# shellcheck disable=SC2154 # home, say and die are the script's

# The lock is the kernel's: it ends with this script, however that ends.
locked() { # NAME COMMAND…: nobody else does anything to NAME meanwhile
  mkdir -p "$home"
  (
    exec 9>"$home/.$1.lock"
    python3 -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    shift
    "$@"
  )
}

born() { # PID: when it began, so that a later process of the same number is told apart; nothing if it ended
  local stat
  if stat=$(cat "/proc/$1/stat" 2>/dev/null); then
    read -r -a stat <<<"${stat##*) }"
    [ "${stat[0]}" = Z ] || echo "${stat[19]}"
  else
    ps -o lstart= -p "$1" 2>/dev/null || true
  fi
}

pid_of() { cut -d' ' -f1 "$home/$1/pid"; }
note() { echo "$2 $(born "$2")" >"$home/$1/pid"; } # NAME PID

alive() { # NAME: the very process that was started, not another one that has its number now
  local pid began
  [ -f "$home/$1/pid" ] && read -r pid began <"$home/$1/pid" && [ -n "$began" ] && [ "$(born "$pid")" = "$began" ]
}

close_inherited() { # what the caller has open, such as its locks, must not stay open as long as a service runs
  local open
  for open in /dev/fd/*; do
    open=${open##*/}
    [ "$open" -le 2 ] || eval "exec $open>&-"
  done
}

spawn() { # NAME COMMAND…: in a process group of its own, which Ctrl-C in this terminal does not reach
  local name=$1
  shift
  set -m
  (close_inherited && exec "$@") </dev/null >>"$home/$name/log" 2>&1 &
  set +m
  note "$name" "$!"
}

ready() { # NAME KIND HOST PORT SECONDS
  python3 services/answers.py "${@:2}" "$(pid_of "$1")" && return
  tail -n 5 "$home/$1/log" >&2
  die "$1 did not start: $home/$1/log says why"
}

end() { # NAME SIGNAL: SIGKILL after END_SECONDS
  local pid deadline=$((SECONDS + ${END_SECONDS:-30}))
  if alive "$1"; then
    pid=$(pid_of "$1")
    kill "-$2" "$pid"
    kill -CONT "$pid" 2>/dev/null || true # one that is paused hears nothing else
    while alive "$1"; do
      [ $SECONDS -lt $deadline ] || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.05
    done
  fi
  rm -f "$home/$1/pid"
}

each() { # COMMAND NAME…: side by side, but no two at one service at a time
  local command=$1 name pid pids=() failed=0
  shift
  [ $# != 0 ] || return 0
  for name in "$@"; do
    locked "$name" "$command" "$name" &
    pids+=("$!")
  done
  trap 'kill "${pids[@]}" 2>/dev/null; wait; exit 130' INT TERM
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  trap - INT TERM
  return "$failed"
}

send() { # SIGNAL NAME…
  local signal=$1 name
  shift
  for name in "$@"; do
    alive "$name" || die "$name does not run"
    kill "-$signal" "$(pid_of "$name")"
  done
}

memory() { # NAME: MiB
  local kib
  kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$(pid_of "$1")/status" 2>/dev/null || ps -o rss= -p "$(pid_of "$1")")
  echo $((${kib:-0} / 1024))
}

# Below the ports that the kernel gives to clients: one of those could hold the port while it is free, and
# a client that calls a dead port again and again would one day be connected to itself.
port_of() { # NAME: the port it had, as long as nobody else took it, so that those who knew it find it again
  mkdir -p "$home/$1"
  python3 - "$home/$1/port" <<'PYTHON'
import contextlib, pathlib, random, socket, sys
file = pathlib.Path(sys.argv[1])
tries = [int(file.read_text())] if file.exists() else []
for port in [*tries, *random.sample(range(20_000, 32_000), 100)]:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        file.write_text(f"{port}\n")
        print(port)
        break
PYTHON
}

program() { # NAME PACKAGE TITLE VERSION: its path, installed where that may be done; at least that version
  local found have
  if ! command -v "$1" >/dev/null && may_apt; then locked apt apt_install "$2" || true; fi
  found=$(command -v "$1") || die "$3 is not installed (on Debian: apt-get install $2)"
  have=$("$found" -v 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+')
  have=${have%%$'\n'*}
  printf '%s\n' "$4" "$have" | sort -V -C || die "$3 $4 or newer is needed, $found is $have"
  echo "$found"
}
