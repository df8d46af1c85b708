"""How many compute children live."""

from __future__ import annotations

from contextlib import ExitStack

from webui.compute.pool import Pool


def test_what_is_beyond_a_smaller_size_ends_and_frees_its_memory() -> None:
    pool = Pool(3)
    with ExitStack() as busy:
        for _ in range(2):
            busy.enter_context(pool.lend())
        with pool.lend() as idle:
            pass
        assert len(pool.children()) == 3
        pool.resize(1)
        assert not idle.alive
        assert len(pool.children()) == 2  # at work
    (left,) = pool.children()
    with pool.lend() as again:
        assert again is left
    pool.close()
