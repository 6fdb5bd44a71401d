"""`python -m bench.kept CONV…`: what the store that the environment names holds of conversations,
as {conv: [[client_id, seq], …]}. Through the port, so that every engine can be asked.
"""

import asyncio
import json
import subprocess
import sys

from messaging import protocol
from testkit.running import ROOT, Site

Kept = dict[str, list[tuple[str, int]]]  # by conversation in hex; client_id in base64, seq


def kept(site: Site, convs: list[bytes]) -> Kept:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.kept", *(conv.hex() for conv in convs)],
        cwd=ROOT, env=site._env(), check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return {
        conv: [(mid, seq) for mid, seq in rows] for conv, rows in json.loads(done.stdout).items()
    }


async def _read(convs: list[str]) -> Kept:
    return {conv: await _rows(bytes.fromhex(conv)) for conv in convs}


async def _rows(conv: bytes) -> list[tuple[str, int]]:
    from e2ee.encoding import to_base64
    from messaging.backends import log

    rows: list[tuple[str, int]] = []
    while page := await log().page(conv, protocol.PAGE_MAX, 0, after=rows[-1][1] if rows else 0):
        rows += [(to_base64(row.client_id), row.seq) for row in page]
    return rows


def main(convs: list[str]) -> None:
    import django

    django.setup()
    print(json.dumps(asyncio.run(_read(convs))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
