"""Names that look like a name that somebody has, and names of those who run the site."""

import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections
from django.db.transaction import atomic

from accounts import names, protocol, reserved, signup, skeletons
from accounts.models import NameReservation, User
from accounts.protocol import NAME_MAX
from accounts.skeletons import SKELETON_MAX, skeleton
from chatsite.edge.refusals import Refusal
from moderation import staff
from testkit.running import ROOT
from tests.accounts.people import NOW, Browser, Person
from tests.contracts.adapters import register, sqlite_settings

ALIKE = [
    ("paypal", "раураl"), ("bob", "b0b"), ("bob", "ꓐꓳꓐ"), ("alice", "a1ice"), ("tim", "tirn"),
    ("wendy", "vvendy"), ("anna", "αnnα"), ("coco", "сосо"),
]  # fmt: skip
APART = [("ian", "lan"), ("anna", "anne"), ("bob", "bobo"), ("a.bc", "abc"), ("zoë", "zoe")]


def reserve(browser: Browser, name: str):
    return browser.call("POST", "/api/sign-up/start", protocol.SignUpStart(name=name), prove=False)


def test_the_data_is_what_its_generator_gives():
    pytest.importorskip("confusable_homoglyphs", reason="bin/setup --dev installs it")
    run = [sys.executable, "bin/confusables", "--check"]
    subprocess.run(run, cwd=ROOT, check=True, timeout=60)


@pytest.mark.parametrize(("name", "other"), ALIKE)
def test_names_that_look_alike_have_one_skeleton(name: str, other: str):
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(("name", "other"), APART)
def test_names_that_people_tell_apart_have_two(name: str, other: str):
    assert skeleton(name) != skeleton(other)


def test_a_skeleton_is_its_own_and_fits_its_column():
    longest = 0
    for letter in map(chr, range(0x30000)):
        if unicodedata.category(letter)[0] in "LMN":
            made = skeleton(letter)
            assert skeleton(made) == made, letter
            if names.folded(letter):
                longest = max(longest, len(made))
    assert longest * NAME_MAX <= SKELETON_MAX


@pytest.mark.django_db
@pytest.mark.parametrize("imitation", ["a1ice", "A1ICE", "ɑlice"])
def test_who_passes_for_somebody_hears_that_the_name_is_taken_and_no_more(
    alice: Person, imitation: str
):
    plain, answer = reserve(Browser(), "alice"), reserve(Browser(), imitation)
    assert (answer.status, answer.raw) == (409, plain.raw)
    assert not NameReservation.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["admin", "Support", "r00t", "a.dm.in", "Ad-Min"])
def test_a_reserved_name_is_taken(alice: Person, name: str):
    assert reserve(Browser(), name).raw == reserve(Browser(), "alice").raw
    assert reserve(Browser(), "administra").status == 200


@pytest.mark.django_db
def test_a_site_reserves_its_own_name_and_what_it_lists(settings: Any):
    settings.SITE_NAME, settings.RESERVED_NAMES = "Tea-House & Co.", ["Board"]
    reserved._reserved.cache_clear()
    try:
        for name in ("teahouseco", "tea.house-co", "board", "b0ard"):
            assert reserve(Browser(), name).code == "taken", name
    finally:
        reserved._reserved.cache_clear()


@pytest.mark.django_db
def test_of_two_sign_ups_at_once_one_gets_the_look():
    signup.reserve("tirn", b"1" * 16, NOW)
    with pytest.raises(Refusal, match="taken"):
        signup.reserve("tim", b"2" * 16, NOW)
    assert signup.reserve("tim", b"1" * 16, NOW).name == "tim"  # their own, once more


@pytest.mark.django_db
def test_no_way_past_sign_up_makes_an_imitation(alice: Person):
    with pytest.raises(IntegrityError), atomic():
        User.objects.create(username="a1ice", display_name="x")
    with pytest.raises(staff.Unusable, match="looks like a name"):
        staff.add("a1ice", "moderator", "root", NOW)
    assert staff.add("admin", "moderator", "root", NOW)  # they have no chats


@pytest.fixture
def old_site(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """Accounts as they were before names had a look."""
    with django_db_blocker.unblock():
        alias = register(sqlite_settings(tmp_path / "old.sqlite3"))
        call_command("migrate", "accounts", "0005", database=alias, verbosity=0)
        yield alias
        connections[alias].close()


def test_an_older_site_keeps_its_names_and_hears_which_look_alike(
    old_site: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    had = ["alice", "bob", "a1ice", "carol", "b0b"]
    with connections[old_site].cursor() as cursor:
        for name in had:
            cursor.execute(
                "INSERT INTO accounts_user (password, is_superuser, uid, username, display_name,"
                " is_staff, is_active, joined, chain, head_k, revoked_k)"
                " VALUES ('', 0, %s, %s, '', 0, 1, 0, 1, 1, 0)",
                [name.encode().ljust(16), name],
            )
    call_command("migrate", "accounts", database=old_site, verbosity=0)
    told = capsys.readouterr().err
    assert [line.split()[1] for line in told.splitlines()] == ["a1ice", "b0b"]
    kept = User.objects.using(old_site).order_by("pk").values_list("username", "skeleton")
    assert list(kept) == [
        ("alice", "alice"), ("bob", "bob"), ("a1ice", None), ("carol", "carol"), ("b0b", None),
    ]  # fmt: skip
    call_command("migrate", "accounts", "0006", database=old_site, verbosity=0)
    call_command("migrate", "accounts", database=old_site, verbosity=0)  # repeatable
    assert User.objects.using(old_site).filter(skeleton=None).count() == 2
    assert skeletons.DATA.exists()
