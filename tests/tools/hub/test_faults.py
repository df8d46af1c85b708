"""No sequence of faults ends with a wrong file in place."""

from __future__ import annotations

import hashlib
import random
from collections import deque
from pathlib import Path

import pytest

from inference.errors import Cancelled, MsstError
from tests.tools.hub.server import Fault, Hub, content
from tools.hub import Endpoint, Policy, Progress, Wanted, fetch

KINDS = ("drop", "reset", "wrong", "status", "plain", "other_range", "short", "long", "loop", "gzip", "wrong_total", "change", "stall")
NAME = "a.ckpt"


class Crash(Exception):
    """Ends a download in the middle, as a fault of the program would."""


def faults(chance: random.Random, size: int) -> list[Fault]:
    found = []
    for _ in range(chance.choice((0, 1, 2, 4, 9))):
        kind = chance.choice(KINDS if chance.random() < 0.1 else KINDS[:-1])  # standing still takes time
        n = chance.choice((404, 429, 500, 503)) if kind == "status" else chance.randrange(size + 1)
        found.append(Fault(kind, n))
    return found


@pytest.mark.parametrize("batch", range(10))
def test_random_faults(tmp_path: Path, batch: int) -> None:
    """20 stories in each batch: sources that fail as they like, attempts that are cancelled or crash, and at last a quiet one."""
    for number in range(20):
        chance = random.Random(1000 * batch + number)
        folder = tmp_path / str(number)
        _story(chance, folder)


def _story(chance: random.Random, folder: Path) -> None:
    size = chance.choice((1, 100, 70_000, 200_000))
    right, other = content(size, 1), content(chance.choice((size, size + 1, 50)), 2)
    known = chance.random() < 0.5
    wanted = Wanted(size, hashlib.sha256(right).hexdigest()) if known else Wanted()
    allowed = {right} if known else {right, other}
    with (
        Hub({NAME: right}, deque(faults(chance, size)), later=other) as first,
        Hub({NAME: chance.choice((right, other))}, deque(faults(chance, size)), later=right) as second,
    ):
        endpoints = [Endpoint("first", first.url, "hub", "operator")]
        endpoints.append(Endpoint("second", second.url, chance.choice(("hub", "modelscope")), "operator"))  # type: ignore[arg-type]
        chance.shuffle(endpoints)
        sources = [endpoint.source("owner/repo", NAME) for endpoint in endpoints]
        target = folder / NAME
        for _ in range(3):
            policy = Policy(tries=chance.choice((1, 2, 4)), pause=0.0, stall=0.2, proxy="none")
            end = chance.choice(("", "", "cancel", "crash"))
            count = chance.randrange(4)
            told: list[Progress] = []

            def hear(progress: Progress, end: str = end, count: int = count, told: list[Progress] = told) -> None:
                told.append(progress)
                if len(told) > count and end:
                    raise Crash if end == "crash" else Cancelled

            try:
                fetch(sources, target, wanted=wanted, policy=policy, on_progress=hear)
            except (MsstError, Crash):
                assert not target.exists() or target.read_bytes() in allowed
            else:
                assert target.read_bytes() in allowed
        first.faults.clear()
        second.faults.clear()
        first.files[NAME] = right
        receipt = fetch(sources, target, wanted=wanted, policy=Policy(pause=0.0, stall=60.0, proxy="none"))
        assert target.read_bytes() in allowed
        assert receipt.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
        assert sorted(path.name for path in folder.iterdir()) == [NAME]
