"""Static files, found once a process."""

import threading
from typing import Any, ClassVar

from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise reads the folder for each handler, and a test makes one for each of its browsers:
    half the time of such a test. Here it is read when the first file is asked for: a tenth of
    what a start takes, and live sessions need no file."""

    _found: ClassVar[dict[tuple[str, str], dict[str, Any]]] = {}
    _turn: ClassVar[threading.Lock] = threading.Lock()  # a page asks for many files at once
    files: dict[str, Any]  # by address
    _unread: tuple[str, str] | None = None  # the folder, and the prefix of its addresses

    def update_files_dictionary(self, root: str, prefix: str) -> None:
        self._unread = (root, prefix)

    def __call__(self, request: Any) -> Any:
        if self._unread and request.path_info.startswith(self.static_prefix):
            self._read()
        return super().__call__(request)

    def _read(self) -> None:
        with self._turn:
            if self._unread is None:
                return
            if self._unread not in self._found:
                super().update_files_dictionary(*self._unread)
                self._found[self._unread] = self.files
            self.files = self._found[self._unread]
            self._unread = None
