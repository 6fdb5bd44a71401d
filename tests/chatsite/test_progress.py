"""What an operator reads while a command works."""

import io

from django.core.management.base import OutputWrapper

from chatsite.running.progress import LOG_SECONDS, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_changes() -> None:
    out, now = Terminal(), [0.0]
    progress = Progress(OutputWrapper(out), lambda: now[0])
    progress.begin("people", 4)
    for _ in range(2):
        now[0] += 5
        progress.step()
    progress.end()
    lines = [line.strip() for line in out.getvalue().replace("\n", "\r").split("\r")]
    assert lines == ["people: 1 of 4, 15 s left", "people: 2 of 4, 10 s left", "people: 2 of 4", ""]


def test_a_log_has_a_line_now_and_then_though_nobody_knows_the_end() -> None:
    out, now = io.StringIO(), [0.0]
    progress = Progress(OutputWrapper(out), lambda: now[0])
    for read in range(1, 2001):
        now[0] = read * LOG_SECONDS / 1000
        progress.so_far("rows read", read)
    progress.say("done")
    assert out.getvalue().splitlines() == ["rows read: 1,000", "rows read: 2,000", "done"]


def test_what_came_on_top_of_what_was_counted_takes_no_time_back() -> None:
    out, now = Terminal(), [0.0]
    progress = Progress(OutputWrapper(out), lambda: now[0])
    progress.begin("conversations", 1)
    for _ in range(3):
        now[0] += 5
        progress.step()
    assert [line.strip().split(", ")[1] for line in out.getvalue().split("\r")[:-1]] == [
        "0 s left"
    ] * 3
