"""A mail server that takes everything and keeps it: just enough of SMTP (RFC 5321)."""

import email
import email.policy
import queue
import re
import socketserver
import threading
from typing import Self

SOON = 30.0  # seconds in which a mail must come


class MailServer:
    def __init__(self) -> None:
        self._mails: queue.Queue[str] = queue.Queue()
        mails = self._mails

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 ready")
                while line := self.rfile.readline():
                    command = line.decode().strip().upper()
                    if command == "DATA":
                        self._say("354 go on")
                        mails.put(self._content())
                        self._say("250 taken")
                    elif command == "QUIT":
                        return self._say("221 bye")
                    else:
                        self._say("250 fine")

            def _content(self) -> str:
                lines = iter(self.rfile.readline, b".\r\n")
                mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                body = mail.get_body()
                return str(body.get_content()) if body else ""

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self, pattern: str) -> str:
        """The only word of this form in the next mail."""
        text = self._mails.get(timeout=SOON)
        [found] = re.findall(pattern, text)
        return str(found)
