"""What a node counts of itself, and under which names `/metrics` shows it: all names stand here.

A number of anything; never who, from where, or what. Counts begin at 0 with the process.
"""

from collections.abc import Callable, Mapping
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' own


class Metric:
    """`label`: what its numbers are told apart by, from a short list that is known beforehand."""

    def __init__(
        self, name: str, about: str, kind: Literal["counter", "gauge"], label: str | None = None
    ) -> None:
        self.name, self.about, self.kind, self.label = name, about, kind, label
        self._counts: dict[str, float] = {}
        self._read: dict[str, Callable[[], float]] = {}
        _all.append(self)

    def add(self, of: str = "", n: float = 1) -> None:
        """`of`: the label's value, where it has a label."""
        self._counts[of] = self._counts.get(of, 0) + n

    def read_by(self, read: Callable[[], float], of: str = "") -> None:
        """From now on its number is what this answers; `of`: the label's value."""
        self._read[of] = read

    def show(self, numbers: Mapping[str, float]) -> None:
        """From now on it has these numbers and no other, by the label's value: of a gauge that
        somebody counts now and then."""
        self._counts = dict(numbers)

    def lines(self) -> list[str]:
        return [
            f"# HELP {self.name} {self.about}",
            f"# TYPE {self.name} {self.kind}",
            *(f"{self._named(of)} {value:.12g}" for of, value in sorted(self.numbers().items())),
        ]

    def numbers(self) -> dict[str, float]:
        """By the label's value, which is empty where there is no label."""
        if self._read:
            return {of: read() for of, read in self._read.items()}
        return {**self._counts} if self.label else {"": 0, **self._counts}

    def _named(self, of: str) -> str:
        return f'{self.name}{{{self.label}="{of}"}}' if self.label else self.name


_all: list[Metric] = []


def _counter(name: str, about: str, label: str | None = None) -> Metric:
    return Metric(name, about, "counter", label)


def _gauge(name: str, about: str, label: str | None = None) -> Metric:
    return Metric(name, about, "gauge", label)


def refused(of: str, code: str) -> None:
    """One more refusal: `of` is where, `code` that of the Problem. Both stand in the code, and
    never come from outside."""
    REFUSED.add(f"{of}_{code}")


def text() -> str:
    """All of them in Prometheus' text format."""
    return "\n".join(line for metric in _all for line in metric.lines()) + "\n"


# fmt: off
READY = _gauge("chat_ready", "1 while this node answers /readyz with 200.")
CONNECTIONS = _gauge("chat_connections", "Connections of any kind that are open.")
SESSIONS = _gauge("chat_sessions", "Live sessions of people who said hello, by any transport.")
POLLS = _gauge("chat_polls", "Live sessions that are carried by calls, those without hello too.")
FRAMES = _counter("chat_frames_total", "Frames of live sessions.", "way")
APPENDS = _counter("chat_appends_total", "Messages that the log has taken, repeated ones too.")
BUSY = _counter("chat_busy_total", "Times that somebody was told to come back later.")
EVENTS = _counter("chat_events_total", "Events told to live sessions by this node.", "event")
STREAMS = _gauge("chat_streams", "Other nodes that this one has something to tell.")
REACH = _gauge("chat_reach", "1 while this node reaches others, 0 while its sessions compare.")
OUTAGES = _counter("chat_outages_total", "Times that this node lost the others.", "why")
BREAKERS = _gauge("chat_breaker_open", "1 while it is not asked, since it did not answer.", "of")
LATE = _gauge("chat_late_seconds", "How late messages of other nodes may be now, at most.")
COMPARED = _counter("chat_compared_total", "Sessions that compared their state.", "why")
CLOCK = _gauge("chat_clock_offset_seconds", "This node's clock against that of Redis.")
STATEMENTS = _counter("chat_cassandra_statements_total", "Statements sent.", "kind")
SPENT = _counter("chat_cassandra_seconds_total", "Time that they took, in sum.", "kind")
GAPS = _counter("chat_gaps_total", "Frames of other nodes that never came.")
DROPPED = _counter("chat_dropped_total", "Events for other nodes that were lost.", "why")
AWAY = _counter("chat_database_away_total", "Times that a database did not answer.")
WRONG_NODE = _counter("chat_poll_wrong_node_total", "Calls meant for another node.")
SIGN_UP_WORK = _counter("chat_sign_up_work_total", "Proofs of work on sign-up.", "what")
REFUSALS = _counter("chat_door_refusals_total", "What the door refused.", "code")
REFUSED = _counter("chat_refusals_total", "Requests and frames that were refused.", "kind")
BLOB_BYTES = _counter("chat_blob_bytes_total", "Sealed bytes of files that went through.", "way")
BLOBS_DELETED = _counter("chat_blobs_deleted_total", "Files that this node deleted.")
BLOBS_FOREIGN = _counter("chat_blobs_foreign_total", "Times that the store was another site's.")
ERRORS = _counter("chat_errors_total", "Errors that the server logged.")
REPORTS = _counter("chat_reports_total", "Reports that this node took.")
APPEALS = _counter("chat_appeals_total", "Appeals that this node took.")
DECISIONS = _counter("chat_decisions_total", "Decisions about people, by this node.", "measure")
UNDONE = _counter("chat_decisions_undone_total", "Decisions that this node took back.")
WAITING = _gauge("chat_waiting", "What waits for staff, told by one node of the site.", "of")
LOOP_LAG = _gauge("chat_loop_lag_seconds", "How late the event loop was at its last look.")
DESCRIPTORS = _gauge("process_open_fds", "Descriptors that the process has open.")
DESCRIPTORS_MAX = _gauge("process_max_fds", "Descriptors that the process may have open.")
# fmt: on
