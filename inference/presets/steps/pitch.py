r"""Another pitch and another speed, streaming.

Rubber Band's finer engine, as pedalboard offers it, must have a sound whole (and the plugin of its other engine forgets, between two calls,
what it holds). So the song is worked on in segments that overlap, and these are joined where they fit best.

    |---- segment ----|context|
                  |context|---- segment ----|context|
                      ^ join: the new segment is moved by up to SEARCH so that its waves continue those of the old one, then cross-faded

Each segment is placed where it belongs in time, so errors do not add up over a song. When the speed changes the segments are shorter:
what the engine makes faster runs ahead by up to 1.4 ms for each second of a piece, and the next piece sets that right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.audio.blocks import regroup
from inference.types import Samples

SEGMENT = 20.0  # seconds
SEGMENT_OF_SPEED = 5.0  # seconds, when the speed changes
CONTEXT = 0.5  # seconds on each side that are worked on as well: the first and the last of a piece are less good
FADE = 0.05  # seconds
SEARCH = 0.012  # seconds to each side: a period of the lowest voices


@dataclass(frozen=True)
class Stretch:
    """What to make of a sound."""

    semitones: float = 0.0  # higher by so much
    speed: float = 1.0  # 2: in half the time
    formants: bool = False  # leave the colour of a voice where it is

    def length(self, frames: int) -> int:
        """How many samples so many become."""
        return round(frames / self.speed)


def stretched(blocks: Iterable[Samples], how: Stretch, sample_rate: int) -> Iterator[Samples]:
    """The blocks [C, n] at another pitch and speed: exactly `how.length` samples, in time to within SEARCH and what pieces run ahead."""
    segment, context = round((SEGMENT if how.speed == 1 else SEGMENT_OF_SPEED) * sample_rate), round(CONTEXT * sample_rate)
    join = _Join(round(FADE * sample_rate), round(SEARCH * sample_rate))
    # `held` begins `before` samples before the segment that comes next, and that one at `begin` of the whole.
    held: Samples | None = None
    begin = before = 0
    for block in regroup(blocks, segment):
        held = block if held is None else np.concatenate([held, block], axis=1)
        if held.shape[1] >= before + segment + context:
            length = how.length(begin + segment) - how.length(begin)
            yield join.add(_whole(held, how, sample_rate), how.length(before), length)
            held, before = held[:, before + segment - context :], context
            begin += segment
    if held is not None:
        length = how.length(begin + held.shape[1] - before) - how.length(begin)
        yield join.add(_whole(held, how, sample_rate), how.length(before), length)


def _whole(samples: Samples, how: Stretch, sample_rate: int) -> Samples:
    """A piece [C, n] worked on at once."""
    from pedalboard import time_stretch

    length = max(samples.shape[1], sample_rate)  # also one sample is a piece
    padded = np.pad(samples, ((0, 0), (0, length - samples.shape[1])))
    out: Samples = time_stretch(
        padded, sample_rate, stretch_factor=how.speed, pitch_shift_in_semitones=how.semitones, preserve_formants=how.formants
    )
    fitted = np.zeros((samples.shape[0], how.length(samples.shape[1])), np.float32)
    there = out[:, : fitted.shape[1]]
    fitted[:, : there.shape[1]] = there
    return fitted


class _Join:
    """Puts segments together. The tail is what the last one goes on with after its end, for the cross-fade."""

    def __init__(self, fade: int, search: int) -> None:
        self._fade, self._search = fade, search
        self._tail: Samples | None = None

    def add(self, piece: Samples, before: int, segment: int) -> Samples:
        """The next `segment` samples; `piece` begins `before` samples before them and goes on for longer."""
        begin = before + self._offset(piece, before)
        body = self._faded(piece, begin, segment)
        self._tail = piece[:, begin + segment : begin + segment + self._fade]
        return body

    def _faded(self, piece: Samples, begin: int, length: int) -> Samples:
        body = np.zeros((piece.shape[0], length), np.float32)
        there = piece[:, begin : begin + length]
        body[:, : there.shape[1]] = there
        if self._tail is not None:
            fade = min(self._tail.shape[1], length)
            rise = np.linspace(0, 1, fade, dtype=np.float32)
            body[:, :fade] = rise * body[:, :fade] + (1 - rise) * self._tail[:, :fade]
        return body

    def _offset(self, piece: Samples, before: int) -> int:
        """By how many samples later the piece continues the tail best."""
        if self._tail is None or not self._tail.any():
            return 0
        tail = self._tail.mean(axis=0)
        around = piece[:, before - self._search : before + self._search + len(tail)].mean(axis=0)
        if len(around) < len(tail) + 2 * self._search:
            return 0
        return int(np.argmax(_likeness(around, tail))) - self._search


def _likeness(around: npt.NDArray[np.float32], tail: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """How much each stretch of `around` is like `tail`: their correlation, -1 .. 1."""
    size = 1 << (len(around) + len(tail)).bit_length()
    spectrum = np.fft.rfft(around, size) * np.conj(np.fft.rfft(tail, size))
    products = np.fft.irfft(spectrum, size)[: len(around) - len(tail) + 1]
    squares = np.concatenate([[0.0], np.cumsum(np.square(around, dtype=np.float64))])
    energy = squares[len(tail) :] - squares[: -len(tail)]
    likeness: npt.NDArray[np.float64] = products / np.sqrt(np.maximum(energy, 1e-12))
    return likeness
