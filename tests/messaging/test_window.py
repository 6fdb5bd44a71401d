"""The bounds of a session, without a session."""

from messaging.protocol import WINDOW_BYTES, WINDOW_FRAMES
from messaging.sessions.window import Bucket, Buckets, Window


def test_the_window_is_bounded_in_frames_and_opens_again() -> None:
    window = Window()
    assert all(window.sent(1) for _ in range(WINDOW_FRAMES))
    assert not window.sent(1)
    assert window.acknowledge(2)
    assert window.sent(1)
    assert not window.sent(1)


def test_the_window_is_bounded_in_bytes() -> None:
    window = Window()
    assert window.sent(WINDOW_BYTES)
    assert not window.sent(1)
    assert window.acknowledge(1)
    assert window.unacknowledged_bytes == 1


def test_an_old_acknowledgement_is_no_news_and_one_too_many_is_a_lie() -> None:
    window = Window()
    for _ in range(3):
        window.sent(10)
    assert window.acknowledge(2)
    assert window.acknowledge(1)
    assert window.unacknowledged_bytes == 10
    assert not window.acknowledge(4)
    assert window.acknowledge(3)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(per_second=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert 0 < bucket.wait_ms() <= 501
    assert not bucket.take(100.4)
    assert bucket.take(100.5)
    assert [bucket.take(200.0) for _ in range(4)] == [True, True, True, False]


def test_what_costs_more_than_one_is_paid_by_those_after_it() -> None:
    bucket = Bucket(per_second=2, burst=3)
    assert bucket.take(100.0)
    bucket.pay(100.0, 4)
    assert not bucket.take(100.0)
    assert 1500 < bucket.wait_ms() <= 1501
    assert not bucket.take(101.4)
    assert bucket.take(101.5)
    bucket.pay(101.5, -1)
    assert bucket.take(101.5)


def test_a_debt_is_not_forgotten() -> None:
    buckets = Buckets(per_second=2, burst=4)
    buckets.take("a", 100.0)
    buckets.pay("a", 101.0, 8)
    assert not buckets.take("b", 103.0)
    assert buckets.take("a", 103.0) == 501
    buckets.pay("c", 103.0, 4)
    assert buckets.take("c", 103.0)


def test_each_key_has_a_bucket_until_it_is_full_again() -> None:
    buckets = Buckets(per_second=2, burst=4)
    assert [buckets.take("a", 100.0) for _ in range(4)] == [0] * 4
    assert 0 < buckets.take("a", 100.0) <= 501
    assert not buckets.take("b", 101.0)
    assert not buckets.take("a", 101.5)
    assert len(buckets) == 2
    assert not buckets.take("c", 103.0)
    assert len(buckets) == 1, "the others are full"
    assert [bool(buckets.take("a", 103.0)) for _ in range(6)] == [False] * 4 + [True] * 2
    assert not buckets.take("c", 105.0)
    assert len(buckets) == 1
