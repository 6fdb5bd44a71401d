"""`manage.py serve` with a clock that looks, every two milliseconds of CPU, at what runs.

Written to BENCH_PROFILE when the server ends. Sampling by CPU time costs little and distorts
little; Python's own profiler would make short functions look dear.
"""

import atexit
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.002  # seconds of CPU
LINES = 45

self_time: Counter[str] = Counter()
inclusive: Counter[str] = Counter()


def main() -> None:
    from manage import main as manage

    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    atexit.register(_write, Path(os.environ["BENCH_PROFILE"]))
    sys.argv = ["manage.py", "serve"]
    manage()


def _sample(_: int, here: FrameType | None) -> None:
    """The signal comes to the main thread; what the others do is seen as well."""
    for ident, frame in sys._current_frames().items():
        found = here if ident == threading.main_thread().ident else frame
        if found is None or _waits(found):
            continue
        self_time[_name(found)] += 1
        seen = set()
        while found is not None:
            seen.add(_name(found))
            found = found.f_back
        inclusive.update(seen)


def _waits(frame: FrameType) -> bool:
    """A thread that waits has a frame, too."""
    name = frame.f_code.co_name
    return name in {"wait", "_worker", "_next_group", "get"} and "asyncio" not in _name(frame)


def _name(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    return f"{'/'.join(path.parts[-3:])}:{frame.f_code.co_name}"


def _write(path: Path) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    total = sum(self_time.values()) or 1
    lines = ["share  of its own", *_top(self_time, total), "", "share  with what it calls"]
    path.write_text("\n".join([*lines, *_top(inclusive, total)]) + "\n")


def _top(counter: Counter[str], total: int) -> list[str]:
    return [f"{count / total:6.1%} {name}" for name, count in counter.most_common(LINES)]


if __name__ == "__main__":
    main()
