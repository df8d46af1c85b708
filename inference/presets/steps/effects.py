"""The step `effects`: a chain of effects, one after the other. What comes out is as long as what went in, and in time with it.

{"kind": "effects", "name": "polish", "input": "split.vocals", "chain": [
    {"effect": "highpass", "hz": 80}, {"effect": "compressor", "threshold_db": -18, "ratio": 3}, {"effect": "gain", "db": 2} ]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Literal

import numpy as np
from pydantic import Field

from inference.audio.blocks import regroup
from inference.presets.steps.base import OneStem, StepContext
from inference.presets.steps.chain import Effect, EffectBase, Pitch
from inference.presets.steps.pitch import Stretch, stretched
from inference.presets.steps.streams import BLOCK, through
from inference.types import Samples

_BUFFER = 8192  # samples that a plugin is given at once
_AT_ONCE = 2  # channels: a reverb has no more


class EffectsStep(OneStem):
    """Send a stem through a chain."""

    kind: Literal["effects"] = "effects"
    chain: tuple[Effect, ...] = Field(max_length=32)

    @property
    def cost(self) -> float:
        """Another pitch takes far longer than all else."""
        return self.work + 0.8 * sum(isinstance(link, Pitch) for link in self.chain)


def effects(step: EffectsStep, context: StepContext) -> None:
    """Stream the step's input through its chain."""
    through(step, context, lambda blocks, info: chained(blocks, step.chain, info.sample_rate))


def chained(blocks: Iterable[Samples], chain: Iterable[EffectBase], sample_rate: int) -> Iterator[Samples]:
    """The blocks [C, n] after the chain; together exactly as long."""
    stream = iter(blocks)
    for is_pitch, links in groupby(chain, key=lambda link: isinstance(link, Pitch)):
        if is_pitch:
            for link in links:
                if isinstance(link, Pitch) and link.semitones:
                    stream = stretched(stream, Stretch(link.semitones, formants=link.formants), sample_rate)
        else:
            stream = _processed(stream, list(links), sample_rate)
    return stream


def _processed(blocks: Iterable[Samples], links: list[EffectBase], sample_rate: int) -> Iterator[Samples]:
    """The blocks after effects that work as the sound goes by."""
    boards: list[_Board] = []
    taken = 0
    for block in regroup(blocks, BLOCK):
        if not boards:
            boards = [_Board(links, sample_rate) for _ in range(0, block.shape[0], _AT_ONCE)]
        taken += block.shape[1]
        # Only whole blocks: pedalboard takes the shorter side of an array for its channels.
        whole = np.pad(block, ((0, 0), (0, BLOCK - block.shape[1])))
        yield _ready(boards, whole, taken)
    while boards and boards[0].given < taken:  # what the plugins still hold back
        yield _ready(boards, np.zeros((whole.shape[0], BLOCK), np.float32), taken)


def _ready(boards: list[_Board], block: Samples, taken: int) -> Samples:
    pairs = [block[at : at + _AT_ONCE] for at in range(0, block.shape[0], _AT_ONCE)]
    return np.concatenate([board.process(pair, taken) for board, pair in zip(boards, pairs, strict=True)])


class _Board:
    """The plugins of one or two channels, with all that they remember of the sound so far."""

    def __init__(self, links: list[EffectBase], sample_rate: int) -> None:
        from pedalboard import Pedalboard

        plugins: list[Any] = [plugin for link in links for plugin in link.plugins(sample_rate)]
        self._board, self._rate = Pedalboard(plugins), sample_rate
        self.given = 0  # samples per channel that have come out

    def process(self, block: Samples, limit: int) -> Samples:
        """What comes out for a block [C, n]; never more than `limit` samples in all."""
        out: Samples = self._board.process(np.ascontiguousarray(block), self._rate, buffer_size=_BUFFER, reset=False)
        out = out[:, : limit - self.given]
        self.given += out.shape[1]
        return out
