"""A pair that is copied while people use it, as it could have been in one moment."""

from dataclasses import replace

from messaging.backends.tables import Held


def of_one_moment(earlier: Held, later: Held) -> Held:
    """What points into the log is of the earlier look, so it is within the head, which is of the
    later one; with that come epochs and salts, of which none may lack."""
    known = {key.epoch for key in later.keys}
    side1, side2 = (
        replace(side, cleared=before.cleared)
        for before, side in zip(earlier.sides, later.sides, strict=True)
    )
    boxes = [box for box in earlier.boxes if box.epoch in known]
    return replace(later, sides=(side1, side2), boxes=boxes, marks=earlier.marks, gaps=earlier.gaps)


def cleared_as(held: Held, latest: Held) -> Held:
    """The site hides messages before it takes them away: who looks after the rows were read sees
    up to where."""
    side1, side2 = (
        replace(side, cleared=max(side.cleared, min(after.cleared, held.head.last_seq)))
        for side, after in zip(held.sides, latest.sides, strict=True)
    )
    return replace(held, sides=(side1, side2))
