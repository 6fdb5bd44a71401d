"""`manage.py serve` with a clock that looks, every two milliseconds of CPU, at what runs.

Written to BENCH_PROFILE when the server ends. Sampling by CPU time costs little and distorts
little; Python's own profiler would make short functions look dear.
"""

import atexit
import gc
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

EVERY = 0.002  # seconds of CPU
LINES = 45

self_time: Counter[CodeType] = Counter()
inclusive: Counter[CodeType] = Counter()


def main() -> None:
    from manage import main as manage

    begin(Path(os.environ["BENCH_PROFILE"]))
    sys.argv = ["manage.py", "serve"]
    manage()


def begin(result: Path) -> None:
    """From now on until the process ends."""
    signal.signal(signal.SIGPROF, _sample)
    atexit.register(_write, result)
    _wind()


def _wind() -> None:
    """The clock goes off once. Going on by itself it would go off within `_sample` as well, which
    takes longer than EVERY where many threads have long stacks: the process would get nowhere."""
    signal.setitimer(signal.ITIMER_PROF, EVERY)


def _sample(_: int, here: FrameType | None) -> None:
    """The signal comes to the main thread; what the others do is seen as well."""
    main_thread = threading.main_thread().ident
    for ident, frame in _frames().items():
        found = here if ident == main_thread else frame
        if found is None or _waits(found.f_code):
            continue
        self_time[found.f_code] += 1
        seen = set()
        while found is not None:
            seen.add(found.f_code)
            found = found.f_back
        inclusive.update(seen)
    _wind()


def _frames() -> dict[int, FrameType]:
    """No collection of garbage meanwhile: it runs code of ours, while the list of threads is
    locked."""
    was = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if was:
            gc.enable()


def _waits(code: CodeType) -> bool:
    """A thread that waits has a frame, too. `_run_loop` is that of Cassandra's driver: it waits in
    C, and what it runs in Python has frames of its own."""
    waiting = {"wait", "_worker", "_fill", "get", "select", "_run_loop"}
    return code.co_name in waiting and "asyncio" not in code.co_filename


def _name(code: CodeType) -> str:
    return f"{'/'.join(Path(code.co_filename).parts[-3:])}:{code.co_name}"


def _write(path: Path) -> None:
    signal.signal(signal.SIGPROF, signal.SIG_IGN)
    total = sum(self_time.values()) or 1
    lines = ["share  of its own", *_top(self_time, total), "", "share  with what it calls"]
    path.write_text("\n".join([*lines, *_top(inclusive, total)]) + "\n")


def _top(counter: Counter[CodeType], total: int) -> list[str]:
    named: Counter[str] = Counter()
    for code, count in counter.items():
        named[_name(code)] += count
    return [f"{count / total:6.1%} {name}" for name, count in named.most_common(LINES)]


if __name__ == "__main__":
    main()
