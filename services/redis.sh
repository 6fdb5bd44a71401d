# shellcheck shell=bash
# shellcheck disable=SC2154

start_redis() {
  local server port
  server=$(program redis-server redis-server Redis 6.2)
  port=$(port_of redis)
  spawn redis "$server" "$PWD/services/redis.conf" --port "$port" --dir "$home/redis"
  ready redis redis 127.0.0.1 "$port" 20
}

url_redis() { echo "redis://127.0.0.1:$(cat "$home/redis/port")/0"; }
