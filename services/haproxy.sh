# shellcheck shell=bash
# shellcheck disable=SC2154

start_haproxy() { # in front of the nodes of bin/cluster, whose ports are chosen here if they are not yet
  local proxy port node
  proxy=$(program haproxy haproxy HAProxy 2.4)
  port=$(port_of haproxy)
  for node in N1 N2 N3; do
    if alive "$node"; then export "$node=127.0.0.1:$(cat "$home/$node/port")"; else export "$node=127.0.0.1:$(port_of "$node")"; fi
  done
  FRONT="127.0.0.1:$port" spawn haproxy "$proxy" -db -f "$PWD/services/haproxy.cfg"
  ready haproxy http 127.0.0.1 "$port" 10
}

url_haproxy() { echo "http://localhost:$(cat "$home/haproxy/port")"; }
