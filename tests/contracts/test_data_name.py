"""The name of what a store holds: kept until a restore says otherwise."""

from messaging.backends.base import StoreMeta


async def test_the_data_has_one_name(meta: StoreMeta) -> None:
    name = await meta.data()
    assert len(name) == 16
    assert await meta.data() == name


async def test_a_restore_gives_it_another(meta: StoreMeta) -> None:
    before = await meta.data()
    after = await meta.renew_data()
    assert after != before
    assert await meta.data() == after


async def test_a_copy_has_the_name_of_what_it_is_a_copy_of(meta: StoreMeta) -> None:
    await meta.data()
    await meta.adopt_data(bytes(range(16)))
    assert await meta.data() == bytes(range(16))
