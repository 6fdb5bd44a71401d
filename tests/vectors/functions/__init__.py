"""What each `fn` of a vector does, in Python: one function from `in` to `out`.

The browser's test harness has a table with the same names; README.md describes both.
"""

from collections.abc import Callable
from typing import Any

from tests.vectors.functions import (
    encoding,
    epochs,
    factors,
    files,
    lists,
    messages,
    reports,
    server,
)

Case = dict[str, Any]
FUNCTIONS: dict[str, Callable[[Case], Case]] = {
    **encoding.FUNCTIONS,
    **lists.FUNCTIONS,
    **factors.FUNCTIONS,
    **epochs.FUNCTIONS,
    **messages.FUNCTIONS,
    **files.FUNCTIONS,
    **reports.FUNCTIONS,
    **server.FUNCTIONS,
}
