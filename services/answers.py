"""Waits until a service answers: answers.py KIND HOST PORT SECONDS PID.

Exit status 1 when its process ends before, or the time is over. An open port alone says little:
Redis loads its data behind one. KIND is redis, cassandra, http, s3, tls-s3 (whatever its
certificate), node (of the site), or ring:N, a Cassandra that sees N nodes alive, up to three.
"""

import os
import signal
import socket
import ssl
import sys
import time

PAUSE = 0.05  # seconds between two tries
QUESTIONS = {  # what is asked, which bytes of the answer count, what they must be
    "redis": (b"PING\r\n", slice(5), b"+PONG"),
    "cassandra": (b"\4\0\0\0\5\0\0\0\0", slice(4, 5), b"\x06"),  # OPTIONS, SUPPORTED
    "http": (b"GET /readyz HTTP/1.0\r\n\r\n", slice(5), b"HTTP/"),
    "s3": (b"GET /health HTTP/1.0\r\n\r\n", slice(8, 12), b" 200"),
    "node": (b"GET /readyz HTTP/1.0\r\n\r\n", slice(8, 12), b" 200"),
}
# A read from all replicas of a table that Cassandra keeps on three nodes.
READ = (
    b"SELECT host_id FROM system_distributed.view_build_status"
    b" WHERE keyspace_name = 'none' AND view_name = 'none'"
)
STARTUP = b"\4\0\0\0\1\0\0\0\x16\0\1\0\x0bCQL_VERSION\0\x053.0.0"
ALL, REPLICAS = b"\0\5\0", 3
RESULT, UNAVAILABLE = 8, b"\0\0\x10\0"


def answers(kind: str, address: tuple[str, int]) -> bool:
    kind, _, nodes = kind.partition(":")
    tls = kind.startswith("tls-")
    try:
        with _connection(address, tls=tls) as connection:
            if nodes:
                return alive(connection) >= int(nodes)
            question, part, wanted = QUESTIONS[kind.removeprefix("tls-")]
            connection.sendall(question)
            return connection.recv(16)[part] == wanted
    except (OSError, IndexError):  # it ended in the middle
        return False


def _connection(address: tuple[str, int], *, tls: bool) -> socket.socket:
    plain = socket.create_connection(address, timeout=2)
    return ssl._create_unverified_context().wrap_socket(plain) if tls else plain  # noqa: S323


def alive(connection: socket.socket) -> int:
    """How many replicas a node of Cassandra could ask; a refusal for too few ends with that."""
    connection.sendall(STARTUP)
    connection.recv(9)  # READY
    body = len(READ).to_bytes(4, "big") + READ + ALL
    connection.sendall(b"\4\0\0\0\7" + len(body).to_bytes(4, "big") + body)
    answer = connection.recv(4096)
    if answer[4] == RESULT:
        return REPLICAS
    return int.from_bytes(answer[-4:], "big") if answer[9:13] == UNAVAILABLE else 0


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as somebody else
        return True
    return True


def main(kind: str, host: str, port: str, seconds: str, pid: str) -> int:
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline and runs(int(pid)):
        if answers(kind, (host, int(port))):
            return 0
        time.sleep(PAUSE)
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C: bin/services has the last word
    sys.exit(main(*sys.argv[1:]))
