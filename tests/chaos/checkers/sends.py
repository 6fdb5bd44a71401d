"""What was sent against what is there: I1 to I5, I11, and that the storm ends."""

from bisect import bisect_right
from collections import Counter, defaultdict
from itertools import pairwise

from tests.chaos import deletions
from tests.chaos.checkers import restored
from tests.chaos.history import Event
from tests.chaos.outcome import Outcome, Row

LOST = "lost"  # promised, and perhaps taken back by an older backup
WALK = 50  # rows that a browser walks; beyond it jumps (static/js/sync/timeline.js)


def kept_once(outcome: Outcome) -> list[str]:
    """A set: `ok` exactly once, `fail` never, an open or unknown send once at most; for the reader
    by its text, in the store by its client_id."""
    sends, undone = _sends(outcome), deletions.texts(outcome.history)
    problems = []
    for holding in outcome.holdings:
        for conv, chat in holding.chats.items():
            texts = Counter(message.text for message in chat.messages if message.text is not None)
            problems += _set(f"{holding.name} {conv[:6]}", texts, sends.get(conv, {}), undone)
    stored = Counter((row.conv, row.mid) for row in outcome.store.rows)
    for event in outcome.history:
        if event.op != "send" or event.type != "ok" or not event.value.get("mid"):
            continue  # a browser that was killed in the moment of the promise knows no mid
        if sends[event.value["conv"]][event.value["text"]] == LOST:
            continue
        if stored[event.value["conv"], event.value["mid"]] != 1:
            problems.append(f"the store has not kept {event.value['text']} of {event.client}")
    return problems


def names_are_unique(outcome: Outcome) -> list[str]:
    stored = Counter((row.conv, row.mid) for row in outcome.store.rows)
    problems = [f"{mid} is {n} rows of {conv}" for (conv, mid), n in stored.items() if n > 1]
    for holding in outcome.holdings:
        for conv, chat in holding.chats.items():
            held = Counter(message.mid for message in chat.messages if message.mid)
            problems += [
                f"{holding.name} has {mid} {n} times in {conv}" for mid, n in held.items() if n > 1
            ]
    return problems


def same_log(outcome: Outcome) -> list[str]:
    problems = _gaps(outcome)
    logs = _logs(outcome)
    for conv, rows in logs.items():
        seqs = [row.seq for row in rows]
        if seqs != list(range(1, len(seqs) + 1)):
            problems.append(f"{conv} has a hole: {_first_hole(seqs)}")
        if outcome.store.heads.get(conv, 0) != (seqs[-1] if seqs else 0):
            problems.append(f"the head of {conv} is not its last row")
    for holding in outcome.holdings:
        for conv, chat in holding.chats.items():
            truth = [(row.seq, row.mid) for row in logs.get(conv, [])]
            held = [(message.seq, message.mid) for message in chat.messages]
            if held != truth:
                odd = sorted(set(held) ^ set(truth))[:3]
                problems.append(f"{holding.name} holds another {conv}: {odd}")
    return problems


def _gaps(outcome: Outcome) -> list[str]:
    """A browser shows row after row as they come; far behind, it may go to the newest at once. What
    it told in the moment it was killed nobody heard."""
    last: dict[tuple[str, str], int] = {}
    problems = []
    for event in restored.in_steady_state(outcome.history):
        if event is None:
            last.clear()  # from here on the places are those of another log
        elif event.op == "restart":
            last = {place: seq for place, seq in last.items() if place[0] != event.client}
        elif event.op == "applied":
            place, seq = (event.client, event.value["conv"]), event.value["seq"]
            before = last.get(place, seq - 1)
            if seq <= before or 1 < seq - before <= WALK:
                problems.append(f"{event.client} showed {seq} of {place[1]} after {before}")
            last[place] = seq
    return problems


def in_order(outcome: Outcome) -> list[str]:
    """A text does not wait for a file that was sent before it."""
    problems = []
    place = {
        (conv, message.text): message.seq
        for holding in outcome.holdings
        for conv, chat in holding.chats.items()
        for message in chat.messages
        if message.text
    }
    last: dict[tuple[str, str], tuple[int, str]] = {}
    for event in outcome.history:
        if event.op != "send" or event.type != "invoke" or event.value.get("file"):
            continue
        conv, text = event.value["conv"], event.value["text"]
        seq = place.get((conv, text))
        if seq is None:
            continue
        before, earlier = last.get((event.client, conv), (0, ""))
        if seq <= before:
            problems.append(f"{event.client} sent {earlier} before {text}, which stands above it")
        last[event.client, conv] = seq, text
    for conv, rows in _logs(outcome).items():
        counters: dict[str, int] = {}
        for row in rows:
            before = counters.get(row.device, 0)
            if row.ctr <= before or (row.ctr > before + 1 and not restored.happened(outcome)):
                problems.append(f"counter of {row.device} at {row.seq} of {conv} is {row.ctr}")
            counters[row.device] = row.ctr
    return problems


def seen_at_once(outcome: Outcome) -> list[str]:
    """A look that began after a promise shows at least as far."""
    seq_of = {(row.conv, row.mid): row.seq for row in outcome.store.rows}
    promised: dict[str, list[tuple[float, int]]] = defaultdict(list)  # when, highest seq by then
    began: dict[tuple[str, int], float] = {}  # by client and number of the look
    lost = restored.windows(outcome)
    problems = []
    for event in outcome.history:
        if event.op == "send" and event.type == "ok":
            conv = event.value["conv"]
            if any(event.t <= b for _, b in lost):
                continue
            seq = event.value.get("seq") or seq_of.get((conv, event.value.get("mid", "")), 0)
            before = promised[conv][-1][1] if promised[conv] else 0
            promised[conv].append((event.t, max(seq, before)))
        elif event.op == "look" and event.type == "invoke":
            began[event.client, event.value["number"]] = event.t
        elif event.op == "look" and event.type == "ok":
            since = began[event.client, event.value["number"]]
            for conv, seen in event.value["heads"].items():
                at = bisect_right(promised[conv], (since, 0)) - 1
                if at >= 0 and promised[conv][at][1] > seen:
                    problems.append(
                        f"{event.client} looked at {since} and saw {seen} of {conv}, although "
                        f" {promised[conv][at][1]} was promised"
                    )
    return problems


def nothing_leaks(outcome: Outcome) -> list[str]:
    return list(outcome.leaks)


def becomes_quiet(outcome: Outcome) -> list[str]:
    """What else is found may be lateness, then."""
    return [
        f"{event.value['when']} these never had all that the others have: {event.value['late']}"
        for event in outcome.history
        if (event.op, event.type) == ("quiet", "fail")
    ]


def none_while_suspended(outcome: Outcome) -> list[str]:
    """Once all their sockets are closed, which takes seconds."""
    found = []
    for event in outcome.history:
        if event.op == "suspended":
            user, sent = event.value["user"][:6], event.value["sent"]
            found += [] if event.value["out"] else [f"{user} is suspended and stays connected"]
            found += [f"{user} is suspended and sends {sent} messages"] if sent else []
    return found


def nothing_waits(outcome: Outcome) -> list[str]:
    problems = [
        f"{holding.name} still has {chat.waiting} to send in {conv}"
        for holding in outcome.holdings
        for conv, chat in holding.chats.items()
        if chat.waiting
    ]
    said = [event for event in outcome.history if event.op in ("send", "delete", "meddle")]
    settled = {
        (event.op, event.client, event.value["text"]) for event in said if event.type != "invoke"
    }
    return problems + [
        f"nobody knows what became of the {event.op} of {event.value['text']} by {event.client}"
        for event in said
        if event.type == "invoke" and (event.op, event.client, event.value["text"]) not in settled
    ]


def nobody_alarmed(outcome: Outcome) -> list[str]:
    """That a message is missing is true where a restore has lost it."""
    true = ("missing",) if restored.happened(outcome) else ()
    return [
        f"{holding.name}: {alarm}"
        for holding in outcome.holdings
        for alarm in holding.alarms
        if not alarm.startswith(true)
    ]


def _sends(outcome: Outcome) -> dict[str, dict[str, str]]:
    """conv → text → how it ended; `open` where it did not."""
    sends: dict[str, dict[str, str]] = defaultdict(dict)
    began: dict[str, float] = {}
    lost = restored.windows(outcome)
    for event in outcome.history:
        if event.op != "send":
            continue
        text, how = event.value["text"], event.type
        if how == "invoke":
            began[text], how = event.t, "open"
        elif how == "ok" and any(event.t >= a and began[text] <= b for a, b in lost):
            how = LOST
        sends[event.value["conv"]][text] = how
    return sends


def _set(
    where: str, texts: Counter[str], sends: dict[str, str], undone: frozenset[str]
) -> list[str]:
    """`undone`: deleted by who sent it, or perhaps."""
    allowed = {"ok": (1, 1), "fail": (0, 0), "info": (0, 1), "open": (0, 1), LOST: (0, 1)}
    problems = [f"{where}: nobody sent {text}" for text in texts if text not in sends]
    for text, how in sends.items():
        least, most = allowed[how]
        if not (0 if text in undone else least) <= texts[text] <= most:
            problems.append(f"{where}: {text} ({how}) is there {texts[text]} times")
    return problems


def _logs(outcome: Outcome) -> dict[str, list[Row]]:
    logs: dict[str, list[Row]] = defaultdict(list)
    for row in outcome.store.rows:
        logs[row.conv].append(row)
    for rows in logs.values():
        rows.sort(key=lambda row: row.seq)
    return logs


def _first_hole(seqs: list[int]) -> str:
    if seqs and seqs[0] != 1:
        return f"it begins with {seqs[0]}"
    pair = next(((a, b) for a, b in pairwise(seqs) if b != a + 1), ())
    return f"{pair[0]} is followed by {pair[1]}" if pair else "none"


def settled_by(history: tuple[Event, ...]) -> Counter[str]:
    """How many sends ended how: for the report of a run."""
    return Counter(event.type for event in history if event.op == "send")
