# Apache Cassandra has no Debian package. Its released jars come by Maven, and none runs whose hash is not
# committed. They lie in the user's cache, so that a fresh clone pays nothing.
# shellcheck shell=bash
# shellcheck disable=SC2154

cassandra_parts="$PWD/services/cassandra"

cassandra_java() { # the path of a Java 17; Cassandra 5.0 runs on no newer one
  local java
  for java in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/java-17-*/bin/java; do
    if [[ "$("$java" -version 2>&1 || true)" == *'version "17.'* ]]; then
      command -v "$java"
      return
    fi
  done
  [ "${1:-}" != again ] || die "Java 17 is not installed (on Debian 12: apt-get install openjdk-17-jre-headless)"
  ! may_apt || locked apt apt_install openjdk-17-jre-headless || true
  cassandra_java again
}

cassandra_folder() { # where the jars are or will be
  local cache="${XDG_CACHE_HOME:-$HOME/.cache}/chatsite"
  echo "$cache/cassandra-$(cat "$cassandra_parts/pom.xml" "$cassandra_parts/jars.sha256" | sha256sum | cut -c 1-16)"
}

cassandra_verified() { (cd "$1" && sha256sum --check --quiet "$cassandra_parts/jars.sha256" >&2); }

cassandra_jars() { # a class path of what jars.sha256 names, downloaded once, verified at each use
  local folder new
  folder=$(cassandra_folder)
  if ! [ -d "$folder" ]; then
    program mvn maven Maven 3.6 >/dev/null || return
    say "downloading Cassandra"
    mkdir -p "$(dirname "$folder")"
    new=$(mktemp -d "$folder.XXXXXX")
    mvn -B -q -C -f "$cassandra_parts/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
      -DoutputDirectory="$new/jars" -Dmaven.repo.local="$new/repository" >&2 &&
      cassandra_verified "$new/jars" && mv "$new/jars" "$folder"
    rm -rf "$new"
  fi
  [ -d "$folder" ] || die "Maven did not bring the jars of Cassandra that services/cassandra/jars.sha256 names"
  cassandra_verified "$folder" || die "the jars in $folder have changed: delete that folder"
  awk -v folder="$folder" '{ printf "%s/%s:", folder, $2 }' "$cassandra_parts/jars.sha256"
}

# A ring shares one port, and clients find the nodes by address; so each clone has a network of loopback of
# its own: cassandra-N is at 127.x.0.N. Where loopback has the one address 127.0.0.1, there is one node.
cassandra_network() {
  local file="$home/cassandra-network"
  [ -s "$file" ] || python3 - "$home" >"$file" <<'PYTHON'
import socket, sys, zlib
def free(host):
    try:
        for port in (9042, 7042):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
    except OSError:
        return False
    return True
first = zlib.crc32(sys.argv[1].encode()) % 254
for n in [1 + (first + i) % 254 for i in range(254)]:
    if all(free(f"127.{n}.0.{i}") for i in (1, 2, 3)):
        sys.exit(print(f"127.{n}.0"))
print("127.0.0")
PYTHON
  cat "$file"
}

cassandra_archive() { # of loaded classes, which halves the CPU of a start; the first stop writes it
  echo "$(cassandra_folder)/classes-$("$1" -version 2>&1 | sha256sum | cut -c 1-16).jsa"
}

cassandra_config() { # NAME NETWORK; the first node may start alone, the others ask who is there; CASSANDRA_YAML adds to its file
  local number="${1#cassandra-}" folder="$home/$1" tokens=(-6148914691236517205 0 6148914691236517205)
  local seeds=("$2.1" "$2.1,$2.3" "$2.1,$2.2")
  mkdir -p "$folder/triggers"
  sed -e "s|TOKEN|${tokens[number - 1]}|; s|SEEDS|${seeds[number - 1]}|; s|ADDRESS|$2.$number|; s|FOLDER|$folder|" \
    "$cassandra_parts/cassandra.yaml" ${CASSANDRA_YAML:+"$CASSANDRA_YAML"} >"$folder/cassandra.yaml"
  printf 'dc=dc1\nrack=r%s\n' "$number" >"$folder/rackdc.properties"
}

start_cassandra() { # NAME
  local folder="$home/$1" java jars network archive
  java=$(cassandra_java)
  jars=$(locked cassandra-jars cassandra_jars)
  network=$(locked cassandra-network cassandra_network)
  archive=$(cassandra_archive "$java")
  if [ -f "$archive" ]; then archive="-XX:SharedArchiveFile=$archive"; else archive="-XX:ArchiveClassesAtExit=$folder/classes.jsa"; fi
  cassandra_config "$1" "$network"
  # shellcheck disable=SC2086 # CASSANDRA_JVM is a list of options
  spawn "$1" "$java" -cp "$jars" "@$cassandra_parts/jvm.options" "$archive" ${CASSANDRA_JVM:-} \
    -Dcassandra.config="file://$folder/cassandra.yaml" \
    -Dcassandra-rackdc.properties="file://$folder/rackdc.properties" \
    -Dlogback.configurationFile="file://$cassandra_parts/logback.xml" \
    -Dcassandra.storagedir="$folder" -Dcassandra.logdir="$folder" -Dcassandra.triggers_dir="$folder/triggers" \
    -Dcassandra.ring_delay_ms="$([ "$1" = cassandra-1 ] && echo 100 || echo 10000)" \
    -Dcassandra.jmx.local.port="$(port_of "$1")" org.apache.cassandra.service.CassandraDaemon
  ready "$1" cassandra "$network.${1#cassandra-}" 9042 180
}

cassandra_ring() { # NAME…: waits until each of them sees so many alive; the news takes a moment to go round
  local name
  [ $# -gt 1 ] || return 0
  for name in "$@"; do ready "$name" "ring:$#" "$(url_cassandra "$name")" 9042 60; done
}

url_cassandra() { echo "$(cat "$home/cassandra-network").${1#cassandra-}"; } # as CASSANDRA_HOSTS has it

stop_cassandra() { # NAME
  local new="$home/$1/classes.jsa" archive
  END_SECONDS=90 end "$1" TERM
  [ -f "$new" ] || return 0
  archive=$(cassandra_archive "$(cassandra_java)")
  cp "$new" "$archive.$$" && mv "$archive.$$" "$archive"
  rm "$new"
}

nodetool() { # NAME ARGS…
  local java jars name="${1/%cassandra/cassandra-1}"
  shift
  java=$(cassandra_java)
  jars=$(cassandra_jars)
  "$java" -cp "$jars" "@$cassandra_parts/jvm.options" -Xms32M -Xmx128M -Dcassandra.storagedir="$home/$name" \
    -Dlogback.configurationFile="file://$cassandra_parts/logback.xml" \
    org.apache.cassandra.tools.NodeTool -h 127.0.0.1 -p "$(cat "$home/$name/port")" "$@"
}
