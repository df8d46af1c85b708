"""How many compute children live, and that each order is its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import ROOT
from webui.compute.pool import Pool
from webui.compute.protocol import CANCEL, decode, encode


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


def test_a_cancel_that_comes_too_late_stops_no_later_order(song: Path) -> None:
    """The order before had just ended when the cancel was sent."""
    order = encode({"op": "analyse", "args": {"what": "info", "args": {"path": str(song)}}})
    child = subprocess.Popen([sys.executable, "-m", "webui.compute.child"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(encode(CANCEL) + order)
    child.stdin.flush()
    answers = (decode(line) for line in child.stdout)
    ended = next(answer for answer in answers if answer["type"] in ("done", "error"))
    child.stdin.close()
    child.wait(30)
    child.stdout.close()
    assert ended["type"] == "done", ended
