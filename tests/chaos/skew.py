"""Clocks of Python devices that are wrong, each by its own error."""

from contextvars import ContextVar

from testkit.client import account, device, epochbook

skew_ms: ContextVar[int] = ContextVar("skew_ms", default=0)  # of the device whose task runs
_true_time = account.now_ms


def skewed_time() -> int:
    return _true_time() + skew_ms.get()


for _module in (device, epochbook, account):
    _module.now_ms = skewed_time  # type: ignore[attr-defined]
