"""HTTP of the site: cookies, CSRF, device proof, enrolment grant. Blocking; run it in a thread."""

import http.client
import secrets
import select
import threading
import time
from http.cookies import SimpleCookie
from typing import TypeVar
from urllib.parse import urlsplit

from accounts import protocol
from chatsite.edge.wire import Body, Malformed, Problem, decoder, encoder
from e2ee.encoding import to_base64
from testkit.client.m1.keys import DeviceKeys
from testkit.client.m1.proofs import http_proof

T = TypeVar("T")
TIMEOUT_SECONDS = 30
KEEP_SECONDS = 5  # an idle connection older than this may be closed by the server just now


class ApiError(Exception):
    """A refusal. `raw` is the whole answer, which on 409 may hold the winner."""

    def __init__(self, status: int, raw: bytes) -> None:
        self.status, self.raw = status, raw
        try:
            problem: Problem = decoder(Problem).decode(raw)
        except Malformed:
            problem = Problem(code="", message=raw[:200].decode(errors="replace"))
        self.code, self.retry_ms = problem.code, problem.retry_ms
        super().__init__(f"{status} {problem.code}: {problem.message}")

    def winner(self, kind: type[T]) -> T:
        return decoder(kind).decode(self.raw)


class Api:
    """One browser's cookies and its one connection; safe to share between threads."""

    def __init__(self, url: str, door: str | None = None, agent: str = "") -> None:
        """`door`: host:port to connect to instead of the site's own, for a proxy in between.
        `agent`: the browser that the list of sessions names."""
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.host = parts.netloc  # what device proofs name
        self.door = door or parts.netloc
        self.secure = parts.scheme == "https"
        prefix = "__Host-" if self.secure else ""
        self.csrf_cookie, self.session_cookie = f"{prefix}csrf", f"{prefix}session"
        self.agent = agent
        self.cookies = {self.csrf_cookie: secrets.token_hex(16)}
        self.uid = b""  # of the person who signed in, for proofs
        self.keys: DeviceKeys | None = None  # of the device that proves, once enrolled
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0
        self._closed = False
        self._lock = threading.Lock()

    def get(
        self, path: str, answer: type[T], *, proof: bool = False, grant: bytes | None = None
    ) -> T:
        return self.ask("GET", path, None, answer, proof=proof, grant=grant)

    def post(
        self, path: str, body: Body | None, answer: type[T], *, proof: bool = False,
        grant: bytes | None = None, signer: DeviceKeys | None = None,
    ) -> T:  # fmt: skip
        return self.ask("POST", path, body, answer, proof=proof, grant=grant, signer=signer)

    def put(self, path: str, body: Body, answer: type[T]) -> T:
        return self.ask("PUT", path, body, answer, proof=True)

    def delete(self, path: str, *, proof: bool = True) -> protocol.Done:
        return self.ask("DELETE", path, None, protocol.Done, proof=proof)

    def ask(
        self, method: str, path: str, body: Body | None, answer: type[T], *, proof: bool = False,
        grant: bytes | None = None, signer: DeviceKeys | None = None,
    ) -> T:  # fmt: skip
        """Raises ApiError on a refusal, OSError and http.client's errors on a failure."""
        raw = encoder.encode(body) if body is not None else b""
        headers = {"Content-Type": "application/json"} if raw else {}
        if grant is not None:
            headers["X-Enrolment"] = to_base64(grant)
        if proof or signer is not None:
            headers["X-Device-Proof"] = self.prove(method, path, raw, signer)
        status, text = self.raw(method, path, raw, headers)
        if status != 200:
            raise ApiError(status, text)
        return decoder(answer).decode(text)

    def prove(self, method: str, path: str, body: bytes, signer: DeviceKeys | None = None) -> str:
        """The value of X-Device-Proof for one request."""
        keys = signer or self.keys
        assert keys is not None, "no device yet"
        nonce = self.get("/api/nonce", protocol.Nonce).nonce
        return http_proof(
            keys, host=self.host, nonce=nonce, uid=self.uid, method=method, path=path, body=body
        )

    def raw(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Exactly this request with our cookies: for tests that send what is refused."""
        sent = {"Cookie": self.cookie_header(), "Accept": "application/json"}
        if self.agent:
            sent["User-Agent"] = self.agent
        if method != "GET":
            sent["Origin"] = self.origin
            sent["X-CSRFToken"] = self.cookies[self.csrf_cookie]
        with self._lock:
            connection = self._connect()
            try:
                connection.request(method, path, body or None, {**sent, **(headers or {})})
                response = connection.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException):
                self._drop()
                raise
            self._keep_cookies(response)
            self._used = time.monotonic()
        return response.status, text

    def come_by(self, door: str) -> None:
        """This way from the next request on; a connection that is open leads the old one."""
        with self._lock:
            self.door = door
            self._drop()

    def close(self) -> None:
        """For good: a thread that is still at work may not open a connection again."""
        with self._lock:
            self._closed = True
            self._drop()

    def _connect(self) -> http.client.HTTPConnection:
        if self._closed:
            raise ConnectionError("this client was closed")
        if time.monotonic() - self._used > KEEP_SECONDS or self._hung_up():
            self._drop()
        if self._connection is None:
            kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
            self._connection = kind(self.door, timeout=TIMEOUT_SECONDS)
        return self._connection

    def _hung_up(self) -> bool:
        """Between two answers only the end of the connection makes it readable."""
        open_socket = self._connection.sock if self._connection is not None else None
        if open_socket is None:
            return False
        readable = select.poll()
        readable.register(open_socket, select.POLLIN)
        return bool(readable.poll(0))

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(header).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
