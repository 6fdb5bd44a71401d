"""`python -m tests.fuzz SECONDS [WORD]`: every parser, or those whose name has the word, so long
each, with dice that nobody has thrown before. What it finds belongs into the corpus."""

import os
import random
import secrets
import sys
import time

import django


def main(seconds: float, word: str = "") -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    from tests.fuzz.mutate import near
    from tests.fuzz.targets import TARGETS

    for target in TARGETS:
        if word not in target.name:
            continue
        seed, count, end = secrets.randbits(32), 0, time.monotonic() + seconds
        dice = random.Random(seed)
        while time.monotonic() < end:
            data = near(dice, target.corpus)
            try:
                target.feed(data)
            except Exception:
                print(f"{target.name}, seed {seed}, after {count}: {data!r}")  # noqa: T201
                raise
            count += 1
        print(f"{target.name}: {count} inputs")  # noqa: T201


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
