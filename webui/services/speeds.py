"""How fast this machine was: what finished jobs took, kept in HOME/speeds.json, and what that says about songs to come.

A kind of work is its models (or, of jobs without any, its kinds of steps), the device, and the options that change how much is computed.
For each kind the last jobs are kept as pairs of seconds: of the song, and of the work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from inference.errors import DiskFull
from webui.services.ledger import load_json, waiting_lock, write_json

log = logging.getLogger(__name__)

KEPT = 24  # jobs of a kind
MAX_KINDS = 500
COSTLY = ("overlap", "tta", "shifts", "chunk", "precision", "vr")  # options that change how much is computed
PATIENCE = 5.0  # seconds to wait for another process that writes

Sample = tuple[float, float]  # seconds of the song, seconds of the work


def kind_of(parts: Sequence[str], device: str, options: Mapping[str, Any]) -> str:
    """The name of a kind of work.

    Args:
        parts: models, or kinds of steps.
        device: the setting.
        options: of the separation, the server's defaults included.
    """
    said = ",".join(f"{name}={options[name]}" for name in COSTLY if _says_something(name, options.get(name)))
    return "|".join(("+".join(sorted(part.casefold() for part in parts)), device, said))


def _says_something(name: str, value: object) -> bool:
    usual: dict[str, object] = {"overlap": "standard", "precision": "auto", "shifts": 1}
    return bool(value) and value != usual.get(name)


class Speeds:
    """The file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: object = None
        self._kinds: dict[str, list[Sample]] = {}

    def note(self, kind: str, song: float, work: float) -> None:
        """Remember a job. That it cannot be remembered fails nothing."""
        try:
            with waiting_lock(self._path.with_name(f".{self._path.name}.lock"), PATIENCE):
                kinds = _read(self._path)
                kinds[kind] = [*kinds.pop(kind, []), (round(song, 2), round(work, 2))][-KEPT:]
                newest = dict(list(kinds.items())[-MAX_KINDS:])
                write_json(self._path, {"version": 1, "kinds": newest})
        except DiskFull as error:
            log.warning("%s", error.message)

    def samples(self, kind: str) -> list[Sample]:
        """What is remembered of a kind, the oldest first."""
        with self._lock:
            try:
                about = self._path.stat()
            except OSError:
                return []
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if stamp != self._stamp:
                with suppress(DiskFull):  # another process is about to replace it: what was known goes on
                    self._kinds, self._stamp = _read(self._path), stamp
            return list(self._kinds.get(kind, ()))


def predict(samples: Sequence[Sample], song: float) -> tuple[float, float, float] | None:
    """Seconds that a song will take, as the samples say: likely, low, high. None without any.

    Work is a start and a rate; where songs of different lengths are known, both are found as the medians of what pairs and songs say
    (Theil and Sen), which a few odd ones do not move. Else the rate of the songs most like this one counts.
    """
    usable = [(length, work) for length, work in samples if length > 0 and work >= 0]
    if not usable or song <= 0:
        return None
    slopes = [(w2 - w1) / (s2 - s1) for (s1, w1), (s2, w2) in combinations(usable, 2) if abs(s2 - s1) > 0.3 * max(s1, s2)]
    if len(slopes) >= 3 and median(slopes) > 0:
        rate = median(slopes)
        start = max(median(work - rate * length for length, work in usable), 0.0)
        likely = start + rate * song
        off = [abs(work - start - rate * length) / max(start + rate * length, 1e-6) for length, work in usable]
    else:
        near = [each for each in usable if 1 / 3 <= each[0] / song <= 3] or usable
        rate = median(work / length for length, work in near)
        likely = rate * song
        off = [abs(work / length - rate) / max(rate, 1e-6) for length, work in near]
    spread = max(2 * median(off), 0.15 if len(usable) >= 5 else 0.35)
    return likely, likely / (1 + spread), likely * (1 + spread)


def _read(path: Path) -> dict[str, list[Sample]]:
    """What the file says. Raises DiskFull where it cannot be read."""
    found = load_json(path).get("kinds")
    kinds: dict[str, list[Sample]] = {}
    for kind, samples in found.items() if isinstance(found, dict) else ():
        if isinstance(samples, list):
            kinds[kind] = [(float(s[0]), float(s[1])) for s in samples if isinstance(s, list) and len(s) == 2 and _numbers(s)]
    return kinds


def _numbers(pair: list[Any]) -> bool:
    return all(isinstance(value, int | float) for value in pair)
