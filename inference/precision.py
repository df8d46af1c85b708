"""Whether the fast form of a model sounds like the exact one: measured on a song, remembered by checkpoint.

    first chunk with sound in it ──┬─ exact form ─┬─ agreement of every stem >= 40 dB ─> fast from here on, else exact
                                   └─ fast form ──┘

The verdict is a small file in the cache of the weights.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

log = logging.getLogger(__name__)

ENOUGH_DB = 40.0
"""Signal to error from which on the fast form is used: 40 dB under the stem is under what it masks."""

QUIET = 1e-3
"""Root mean square of a chunk (-60 dBFS) under which it proves nothing."""

STEM_FLOOR = 1e-3
"""Power of the mixture (-30 dB) that the error of a weaker stem is measured against."""

VERSION = 1
"""Of the forms: a change of theirs makes old verdicts worthless."""


@dataclass(frozen=True)
class Verdict:
    """What was found for a checkpoint on a kind of device."""

    fast: bool  # whether the fast form is good enough
    agreement: float  # dB, of the worst stem
    half: str  # "bfloat16": the type of the products in the fast form
    device: str  # "cpu", "cuda"
    version: int = VERSION


class Verdicts:
    """Verdicts in a folder, one small file for each checkpoint, device and type."""

    def __init__(self, folder: Path, weights: Sequence[Path], device: torch.device, half: torch.dtype) -> None:
        self._device, self._half = device.type, str(half).removeprefix("torch.")
        key = "|".join([*(_identity(path) for path in weights), self._device, self._half, str(VERSION)])
        stem = weights[0].stem if weights else "model"
        self._path = folder / f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.precision.json"

    def get(self) -> Verdict | None:
        """The verdict on this checkpoint, None if there is none yet."""
        try:
            return Verdict(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def put(self, agreement: float) -> Verdict:
        """Remember what was measured. A folder that cannot be written only costs another measurement."""
        verdict = Verdict(agreement >= ENOUGH_DB, round(agreement, 1), self._half, self._device)
        temporary = self._path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
            temporary.replace(self._path)
        except OSError as error:
            log.warning("cannot remember a precision in %s: %s", self._path.parent, error)
        return verdict


def agreement(fast: Tensor, exact: Tensor, mixture: Tensor) -> float | None:
    """How far the error of the fast form lies under the worst stem, in dB. None where the chunk is too quiet to tell.

    Args:
        fast: [B, S, C, n].
        exact: [B, S, C, n].
        mixture: [B, C, T].
    """
    loud = _power(mixture.unsqueeze(1))
    if float(loud) < QUIET**2:
        return None
    error, stem = _power(fast - exact), _power(exact)
    reference = torch.maximum(stem, loud * STEM_FLOOR)
    ratio = (error / reference).amax()
    return float(-10 * torch.log10(ratio.clamp_min(1e-20))) if torch.isfinite(ratio) else float("-inf")


def _power(audio: Tensor) -> Tensor:
    """[B, S, C, n] -> [S]: mean square."""
    return audio.double().square().mean((0, 2, 3)) if audio.device.type != "mps" else audio.square().mean((0, 2, 3))


def _identity(path: Path) -> str:
    about = path.stat()
    return f"{path.resolve()}|{about.st_size}|{about.st_mtime_ns}"
