"""Two people in two browsers, each at a node of their own: bin/cluster as a person sees it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.pages import live, ready
from testkit.cluster import Cluster, new_cluster
from tests.browser import chatting
from tests.browser.chatting import (
    SLOW_MS,
    Pair,
    both_understand,
    bubble,
    composer,
    expect_status,
    text,
)
from tests.browser.conftest import OpenWindow
from tests.services import place

TRIES = 20  # of a page to come to another node; HAProxy takes the one with the fewest connections


@pytest.fixture(scope="module")
def site() -> Iterator[Cluster]:
    place("CHAT_TEST_CASSANDRA_HOSTS", "cassandra")  # where that runs, another one can
    os.environ["LIVE_RATE_FACTOR"] = "1000"  # one address signs up many
    cluster = new_cluster()
    try:
        yield cluster.start()
    finally:
        del os.environ["LIVE_RATE_FACTOR"]
        cluster.remove()


@pytest.fixture
def pair(open_window: OpenWindow, site: Cluster) -> Pair:
    pair = chatting.face_to_face(open_window("alice").page, open_window("bob").page)
    for _ in range(TRIES):
        where = nodes(site, pair)
        if len(where) == 2 and len(set(where)) == 2:
            return pair
        pair.bob.reload()
        ready(pair.bob)
        live(pair.bob)
    pytest.fail("two people are at one node, however often one of them comes")


def nodes(site: Cluster, pair: Pair) -> list[str]:
    """Of Alice and of Bob, as far as they are connected."""
    where = site.where()
    return [where[who.name] for who in (pair.alice_is, pair.bob_is) if who.name in where]


def type_half(page: Page, words: str) -> None:
    composer(page).fill(words[: len(words) // 2])


def finish(page: Page, words: str) -> None:
    composer(page).press_sequentially(words[len(words) // 2 :])
    composer(page).press("Enter")


def write_while(pair: Pair, happens: str, node: str, site: Cluster) -> None:
    """Both have written half of a message when something happens to the node of one of them."""
    from_alice, from_bob = f"{text()} of Alice", f"{text()} of Bob"
    type_half(pair.alice, from_alice)
    type_half(pair.bob, from_bob)
    site.run(happens, node)
    finish(pair.alice, from_alice)
    finish(pair.bob, from_bob)
    for page, own, other in ((pair.alice, from_alice, from_bob), (pair.bob, from_bob, from_alice)):
        expect(bubble(page, other)).to_be_visible(timeout=SLOW_MS)
        expect_status(page, own, "Read")
        for words in (own, other):
            expect(bubble(page, words)).to_have_count(1)


def test_what_one_does_the_other_sees_from_node_to_node(pair: Pair) -> None:
    seen_of_bob = pair.alice.locator("chat-thread [data-part='presence']")
    expect(seen_of_bob).to_have_text("Online")
    composer(pair.bob).press_sequentially("hm")
    expect(seen_of_bob).to_have_text("is writing…")
    both_understand(pair.alice, pair.bob)


def test_a_node_is_killed_and_nobody_loses_a_character(pair: Pair, site: Cluster) -> None:
    alice_at, bob_at = nodes(site, pair)
    write_while(pair, "kill", bob_at, site)
    assert bob_at not in nodes(site, pair)
    assert alice_at in nodes(site, pair)
    site.run("start", bob_at)
    both_understand(pair.alice, pair.bob)


def test_a_node_that_is_stopped_sends_people_to_another_one(pair: Pair, site: Cluster) -> None:
    alice_at, _ = nodes(site, pair)
    write_while(pair, "stop", alice_at, site)
    assert alice_at not in nodes(site, pair)
    site.run("start", alice_at)
    both_understand(pair.alice, pair.bob)
