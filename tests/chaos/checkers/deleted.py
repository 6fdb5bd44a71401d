"""Deleted messages: I16."""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence

from tests.chaos import deletions
from tests.chaos.checkers import restored
from tests.chaos.deletions import Deletion
from tests.chaos.outcome import Outcome

ERASED = "erased"
Named = tuple[str, str]  # conversation and mid


def gone_everywhere(outcome: Outcome) -> list[str]:
    """What is deleted is shown by no device, and nothing of it is on the server. What the server
    has after a deletion that nobody knows of, all show. What nobody deleted is there. Where an
    older backup took a deletion back, devices may differ."""
    lost = restored.windows(outcome)
    asked: dict[Named, list[Deletion]] = defaultdict(list)
    for one in deletions.of(outcome.history):
        if one.how != "fail":
            asked[one.conv, one.mid].append(one)
    certain = {
        place
        for place, all_ in asked.items()
        if any(one.how == "ok" and not _is_lost(one, lost) for one in all_)
    }
    told = {place for place, all_ in asked.items() if not any(_is_lost(one, lost) for one in all_)}
    return [
        *_shown(outcome, {asked[place][0].text for place in certain}),
        *_kept(outcome, certain),
        *_apart(outcome, {place: asked[place][0] for place in told - certain}),
        *_nobodys(outcome, asked),
        *_files(outcome, {blob for place in certain for one in asked[place] for blob in one.blobs}),
    ]


def _is_lost(one: Deletion, lost: Sequence[tuple[float, float]]) -> bool:
    """It was promised, or may have been, between a backup and its return."""
    return any(one.ended >= a and one.began <= b for a, b in lost)


def _shown(outcome: Outcome, texts: set[str]) -> Iterator[str]:
    for holding in outcome.holdings:
        for chat in holding.chats.values():
            for message in (*chat.messages, *chat.only):
                if message.text in texts:
                    yield f"{holding.name} shows {message.text}, which is deleted"


def _kept(outcome: Outcome, certain: set[Named]) -> Iterator[str]:
    for row in outcome.store.rows:
        if (row.conv, row.mid) in certain and (row.content or row.gone != ERASED):
            yield f"the server has kept {row.seq} of {row.conv}, which is deleted"


def _apart(outcome: Outcome, unknown: dict[Named, Deletion]) -> Iterator[str]:
    """Where the server has it still, nobody was told: all show it. A server may erase first."""
    shows = {
        (holding.name, conv): {message.text for message in chat.messages}
        for holding in outcome.holdings
        for conv, chat in holding.chats.items()
    }
    kept = {(row.conv, row.mid) for row in outcome.store.rows if row.content}
    for place in unknown.keys() & kept:
        text = unknown[place].text
        for (name, conv), texts in shows.items():
            if conv == place[0] and text not in texts:
                yield f"to {name} {text} is deleted, and the server has it"


def _nobodys(outcome: Outcome, asked: Container[Named]) -> Iterator[str]:
    for row in outcome.store.rows:
        if row.gone == ERASED and (row.conv, row.mid) not in asked:
            yield f"{row.seq} of {row.conv} is erased, and who sent it did not delete it"


def _files(outcome: Outcome, blobs: set[str]) -> Iterator[str]:
    for event in outcome.history:
        if (event.op, event.type) == ("gone file", "fail") and event.value["file"] in blobs:
            yield f"{event.client} can still read {event.value['file']} of a deleted message"
