"""manage.py storage_setup and storage_check, on both stores."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.running import ROOT, Site, new_site
from testkit.s3 import s3_variables
from tests.certificates import Authority
from tests.services import own_bucket, own_s3

ENDS_SECONDS = 60


@pytest.fixture
def s3() -> Iterator[dict[str, str]]:
    with own_bucket() as given:
        yield given


@pytest.fixture
def site(tmp_path: Path, s3: dict[str, str]) -> Site:
    return new_site({"DATABASE_URL": "", **s3}, tmp_path)


def manage(site: Site, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=ROOT, env={**site._env(), **env}, capture_output=True, text=True, check=False,
        timeout=ENDS_SECONDS,
    )  # fmt: skip


def test_setting_up_again_changes_nothing(site: Site, s3: dict[str, str]) -> None:
    done = manage(site, "storage_setup")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"the bucket {s3['S3_BUCKET']} is there\n"


def test_every_row_holds_on_the_s3_server(site: Site, s3: dict[str, str]) -> None:
    public = {"S3_PUBLIC_ENDPOINT": s3["S3_ENDPOINT_URL"]}
    assert "may call the bucket" in manage(site, "storage_setup", **public).stdout
    done = manage(site, "storage_check", **public)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing" not in done.stdout
    assert len(done.stdout.splitlines()) == 10


def test_what_is_missing_is_named(site: Site, s3: dict[str, str]) -> None:
    done = manage(site, "storage_check", S3_PUBLIC_ENDPOINT=s3["S3_ENDPOINT_URL"])
    assert done.returncode == 1
    assert "may not call it: storage_setup sets that" in done.stdout


def test_the_doctor_says_whether_pages_may_call_the_bucket(site: Site, s3: dict[str, str]) -> None:
    direct = {"S3_PUBLIC_ENDPOINT": s3["S3_ENDPOINT_URL"], "MEDIA_TRANSFER": "direct"}
    done = manage(site, "doctor", **direct)
    assert done.returncode == 1
    assert f"may not call the bucket at {s3['S3_ENDPOINT_URL']}" in done.stdout
    manage(site, "storage_setup", **direct)
    assert "may call the bucket at" in manage(site, "doctor", **direct).stdout
    away = {**direct, "S3_PUBLIC_ENDPOINT": "http://127.0.0.1:9"}
    assert "cannot be reached from here" in manage(site, "doctor", **away).stdout


def test_every_row_holds_in_files(tmp_path: Path) -> None:
    site = new_site({"DATABASE_URL": ""}, tmp_path)
    assert f"blobs lie in {site.var}/blobs" in manage(site, "storage_setup").stdout
    done = manage(site, "storage_check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"S3_ACCESS_KEY": "nobody"}, "refuses S3_ACCESS_KEY or S3_SECRET_KEY: XAdminUser"),
        ({"S3_SECRET_KEY": "guess"}, "refuses S3_ACCESS_KEY or S3_SECRET_KEY: SignatureDoesNot"),
        ({"S3_BUCKET": "not-there"}, "has no bucket not-there: manage.py storage_setup makes it"),
    ],
)
def test_a_wrong_setting_has_its_own_sentence_at_the_start(
    site: Site, wrong: dict[str, str], said: str
) -> None:
    for words in (("storage_check",), ("serve",), ("doctor",)):
        done = manage(site, *words, **wrong)
        assert done.returncode == 1
        assert said in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_tls_must_be_that_of_the_authority(tmp_path: Path) -> None:
    known, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    with own_s3(known.issue("127.0.0.1")) as server:
        given = s3_variables(server.url.replace("http:", "https:"))
        trusted = {**given, "DATABASE_URL": "", "S3_CA": str(known.file)}
        site = new_site(trusted, tmp_path)
        done = manage(site, "storage_check")
        assert done.returncode == 0, done.stdout + done.stderr
        done = manage(site, "serve", S3_CA=str(stranger.file))
    assert done.returncode == 1
    assert "the S3 server and S3_CA do not go together" in done.stdout + done.stderr


def test_a_server_that_is_away_is_waited_for_and_named(site: Site) -> None:
    away = {"S3_ENDPOINT_URL": "http://127.0.0.1:9", "WAIT_SECONDS": "1"}
    done = manage(site, "serve", **away)
    assert done.returncode == 1
    assert "Waiting for Object storage" in done.stdout + done.stderr
    assert "Object storage was away for 1 s" in done.stdout + done.stderr
    done = manage(site, "storage_check", **away)
    assert done.returncode == 1
    assert "CommandError: the S3 server does not answer: EndpointConnectionError" in done.stderr
