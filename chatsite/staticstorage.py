"""What `collectstatic` makes of static files."""

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

# A comment that has its lines to itself. One behind code stays: to find those takes a parser.
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*$", re.MULTILINE | re.DOTALL)


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Scripts of our own are served without their comments: a third of what a page loads. Every
    line keeps its number. tests/js/served.test.js holds them to the same code."""

    def _save(self, name: str, content: Any) -> str:
        return super()._save(name, _served(name, content))  # type: ignore[no-any-return]

    def file_hash(self, name: str | None, content: Any = None) -> str | None:
        """Of what is served: a browser keeps a file for ever under the name that has it."""
        return super().file_hash(name, content and _served(name, content))  # type: ignore[no-any-return]


def without_comments(script: str) -> str:
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), script)


def _served(name: str | None, content: Any) -> Any:
    path = (name or "").replace("\\", "/")  # none: the list of all
    if not (path.startswith("js/") and path.endswith(".js")):
        return content
    content.seek(0)
    return ContentFile(without_comments(content.read().decode()).encode(), name)
