"""Files through a node: a sealed file up and down in parts, beside plain curl of the same bytes to
the same S3 server in the same run, and beside parts straight to that server. All by curl, so that
no client of ours is measured. Then what 50 uploads at once take of the node's memory, and what
people wait for (bench/pictures.py).
"""

import asyncio
import secrets
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3

from accounts.protocol import LiveToken
from bench import pictures
from bench.engines import service
from bench.process import FAST, a_site, listener, measured, peak_bytes, pid_of, resident_bytes
from bench.tables import Table, aligned, number
from chatsite.edge.wire import Id
from media import protocol
from media.backends.s3.client import config
from testkit.client.api import Api
from testkit.client.people import Person
from testkit.running import Site
from testkit.s3 import s3_variables

MB = 1_000_000
PART: Any = protocol.PART_LARGE
SIZE = 20 * PART  # of the file: 84 MB
AT_ONCE = 3  # parts, as browsers do
ROUNDS = 5  # each figure is the median
MANY, MANY_SIZE = 50, 10 * 2**20  # uploads at once
AIMS = {
    "up": 0.6,
    "down": 0.6,
    "up_direct": 0.9,
    "down_direct": 0.9,
    "up_cpu": 0.2,
    "down_cpu": 0.1,
}
MEMORY_AIM = 150  # MB
PICTURE_AIM = 1000  # ms
SIGNED_SECONDS = 600
NODE, SERVER = "node", "s3"
SAID = {
    "up_curl": "curl PUT of the whole file to the S3 server", "up": "up, through the node",
    "up_direct": "up, parts straight to the S3 server",
    "down_curl": "curl GET of the whole file from it", "down": "down, through the node",
    "down_direct": "down, parts straight from it",
}  # fmt: skip

Figures = dict[str, float]


class Call(NamedTuple):
    """Of curl. `body`: what is sent; None = it is a GET."""

    url: str
    body: Path | None = None


@dataclass
class Bench:
    site: Site
    friends: list[tuple[Api, bytes]]  # people, each with a conversation that they may send to
    s3: dict[str, str]  # settings.S3
    folder: Path
    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    @property
    def pids(self) -> dict[str, int]:
        parts = urlsplit(self.s3["ENDPOINT_URL"])
        assert parts.hostname
        assert parts.port
        return {NODE: pid_of(self.site), SERVER: listener(parts.hostname, parts.port)}

    def calls(self, name: str, size: int, calls: Sequence[Call], *headers: str) -> None:
        with measured(self.pids) as cost:
            curl(calls, *headers)
        spent = {f"{who}_cpu": cpu / size * 100 * MB for who, cpu in cost.spent.items()}
        self.rounds.setdefault(name, []).append({"mb_s": size / MB / cost.wall, **spent})


def run() -> dict[str, Any]:
    with service("s3") as s3, _begun(s3) as bench:
        whole, parts = _file(bench.folder, SIZE)
        for _ in range(ROUNDS):
            _round(bench, whole, parts)
        return {
            "size": SIZE, "rounds": bench.rounds,
            "memory_mb": [_memory(bench) / MB for _ in range(2)],
            "picture": pictures.shown(bench.site), "sealing": pictures.sealing(),
        }  # fmt: skip


def show(result: dict[str, Any]) -> None:
    print(aligned(table(result)), end="\n\n")


def table(result: dict[str, Any]) -> Table:
    medians = {name: _median(rounds) for name, rounds in result["rounds"].items()}
    rows = []
    for name, said in SAID.items():
        plain = medians[f"{name.partition('_')[0]}_curl"]["mb_s"]
        figures, cpu = medians[name], f"{name}_cpu"
        rows.append([
            said, number(figures["mb_s"]), number(figures["mb_s"] / plain),
            str(AIMS.get(name, "")), number(figures["node_cpu"]), str(AIMS.get(cpu, "")),
            number(figures["s3_cpu"]),
        ])  # fmt: skip
    head = [f"{result['size'] // MB} MB in parts of {PART // 2**20} MiB, {AT_ONCE} at once"]
    head += ["MB/s", "of curl", "aim", "CPU s of the node per 100 MB", "aim", "of the S3 server"]
    memory = " and ".join(number(one) for one in result["memory_mb"])
    below = (
        f"{MANY} uploads of {MANY_SIZE // 2**20} MiB at once: {memory} MB more memory of the node"
        f" at most (aim {MEMORY_AIM}). {_waited(result)}"
    )
    return Table(head, rows, below)


def _waited(result: dict[str, Any]) -> str:
    picture, rates = result["picture"], result["sealing"]
    times = picture["ms"]
    return (
        f"From Send to the other's screen, a picture of {picture['size'] / MB:.1f} MB:"
        f" {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}; aim"
        f" {PICTURE_AIM}). Node with the modules of the browser seals {number(rates['seal'])} MB/s"
        f" and opens {number(rates['open'])} MB/s."
    )


def curl(calls: Sequence[Call], *headers: str, at_once: int = AT_ONCE) -> None:
    """All of them by one process that keeps its connections. Raises RuntimeError for a refusal."""
    words = ["curl", "--silent", "--parallel", "--parallel-max", str(at_once), "--globoff"]
    words += [word for header in ("Expect:", *headers) for word in ("--header", header)]
    words += ["--write-out", "%{http_code}\n"]
    for call in calls:
        words += ["--output", "/dev/null"]
        words += ["--upload-file", str(call.body)] if call.body else []
        words.append(call.url)
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if set(done.stdout.split()) - {"200", "204"} or done.returncode:
        raise RuntimeError(f"curl: {done.returncode} {sorted(set(done.stdout.split()))}")


@contextmanager
def _begun(url: str) -> Iterator[Bench]:
    given = s3_variables(url)
    s3 = {name.removeprefix("S3_"): value for name, value in given.items()}
    env = {**FAST, **given, "DATABASE_URL": "", "MEDIA_PERSON_QUOTA": "0", "MEDIA_SITE_QUOTA": "0"}
    with tempfile.TemporaryDirectory() as folder, a_site(env) as site:
        site.start()
        friends = asyncio.run(_friends(site))
        yield Bench(site, friends, {**s3, "REGION": "us-east-1", "CA_FILE": ""}, Path(folder))


async def _friends(site: Site) -> list[tuple[Api, bytes]]:
    """Enough for the whole budget of parts, of which each has a share alone."""
    alice, bob, carol = [
        await Person.sign_up(site.url, name, online=False) for name in ("alice", "bob", "carol")
    ]
    first, second = await alice.connect(bob), await carol.connect(bob)
    return [(alice.device.api, first), (bob.device.api, first), (carol.device.api, second)]


def _file(folder: Path, size: int) -> tuple[Path, list[Path]]:
    """Random bytes, as a sealed file is; and the same cut into parts."""
    data, whole = secrets.token_bytes(size), folder / f"whole-{size}"
    whole.write_bytes(data)
    parts = []
    for start in range(0, size, PART):
        part = folder / f"{size}-{start // PART}"
        part.write_bytes(data[start : start + PART])
        parts.append(part)
    return whole, parts


def _round(bench: Bench, whole: Path, parts: list[Path]) -> None:
    grant = _grant(bench, SIZE)
    at, blob = f"{bench.site.url}/blobs/{grant.blob.hex()}", secrets.token_hex(16)
    put, get = _signer(bench, "put_object"), _signer(bench, "get_object")
    each = list(enumerate(parts))
    bench.calls("up_curl", SIZE, [Call(put(f"{blob}/whole"), whole)])
    ticket = f"Authorization: Ticket {grant.ticket}"
    bench.calls("up", SIZE, [Call(f"{at}/{n}", part) for n, part in each], ticket)
    bench.calls("up_direct", SIZE, [Call(put(f"{blob}/{n}"), part) for n, part in each])
    path = f"/api/blobs/{grant.blob.hex()}/whole"
    api, _ = bench.friends[0]
    api.post(path, None, protocol.Grant, proof=True)
    live = f"Authorization: Live {api.post('/api/live-token', None, LiveToken).token}"
    bench.calls("down_curl", SIZE, [Call(get(f"{blob}/whole"))])
    bench.calls("down", SIZE, [Call(f"{at}/{n}") for n, _ in each], live)
    bench.calls("down_direct", SIZE, [Call(get(f"{blob}/{n}")) for n, _ in each])


def _memory(bench: Bench) -> float:
    """Bytes that the node has more at most while MANY uploads go on, each one part at a time."""
    _, parts = _file(bench.folder, MANY_SIZE)
    pid = pid_of(bench.site)
    grants = [_grant(bench, MANY_SIZE, n) for n in range(MANY)]
    before = resident_bytes(pid)
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins again here
    running = [_uploading(bench.site, grant, parts) for grant in grants]
    for one in running:
        out, _ = one.communicate()
        if set(out.split()) != {"204"}:
            raise RuntimeError(f"an upload was answered with {sorted(set(out.split()))}")
    return peak_bytes(pid) - before


def _uploading(site: Site, grant: protocol.Grant, parts: Sequence[Path]) -> "subprocess.Popen[str]":
    words = ["curl", "--silent", "--write-out", "%{http_code}\n", "--header", "Expect:"]
    words += ["--retry", "20", "--retry-delay", "1"]  # 503: the node has no room just now
    words += ["--header", f"Authorization: Ticket {grant.ticket}"]
    for n, part in enumerate(parts):
        # To a file: before it tries again curl empties it, which /dev/null refuses.
        words += ["--output", f"{part}-{grant.blob.hex()}", "--upload-file", str(part)]
        words.append(f"{site.url}/blobs/{grant.blob.hex()}/{n}")
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def _grant(bench: Bench, size: int, turn: int = 0) -> protocol.Grant:
    """`turn`: of the friends."""
    api, conv = bench.friends[turn % len(bench.friends)]
    body = protocol.NewBlob(blob=Id(secrets.token_bytes(16)), conv=Id(conv), size=size, part=PART)
    return api.post("/api/blobs", body, protocol.Grant, proof=True)


def _signer(bench: Bench, method: str) -> Callable[[str], str]:
    s3 = bench.s3
    asking = boto3.client(
        "s3", endpoint_url=s3["ENDPOINT_URL"], region_name=s3["REGION"], config=config(),
        aws_access_key_id=s3["ACCESS_KEY"], aws_secret_access_key=s3["SECRET_KEY"],
    )  # fmt: skip
    return lambda key: asking.generate_presigned_url(
        method, Params={"Bucket": s3["BUCKET"], "Key": key}, ExpiresIn=SIGNED_SECONDS
    )


def _median(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
