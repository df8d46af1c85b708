"""Values that cross the borders of the engine: plain, frozen, checked when made.

Audio is float32 everywhere inside, laid out [C, n] (channels, samples), full scale at -1.0 .. 1.0 and never rescaled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.errors import BadOutputFormat

Samples = npt.NDArray[np.float32]
"""A block of audio, float32 [C, n]."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says about the sound in it."""

    sample_rate: int  # samples per second and channel
    channels: int
    frames: int | None  # samples per channel; None where the header does not say. May be an estimate: only decoding tells
    container: str  # "wav", "flac", "mp3", "mov,mp4,..." : for people and logs

    @property
    def duration(self) -> float | None:
        """Length in seconds, as far as the header knows it."""
        return None if self.frames is None else self.frames / self.sample_rate


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is."""

    fraction: float  # 0 .. 1
    stage: str  # key of the stage: "decoding", "loading_model", "separating", "processing", "writing"
    seconds_left: float | None = None  # None while nothing is known yet
    step: int = 1  # 1 .. steps
    steps: int = 1


Report = Callable[[Progress], None]
"""Receives progress several times per second of work; may raise Cancelled to stop the work."""


# container -> subtypes that can be written, the default first
WRITABLE: dict[str, tuple[str, ...]] = {
    "wav": ("FLOAT", "PCM_16", "PCM_24", "PCM_32"),
    "flac": ("PCM_24", "PCM_16"),
    "mp3": ("320k", "96k", "128k", "160k", "192k", "224k", "256k"),
    "m4a": ("256k", "96k", "128k", "160k", "192k", "224k", "320k"),
    "opus": ("192k", "96k", "128k", "160k", "224k", "256k", "320k"),
}
MIN_RATE, MAX_RATE = 8000, 192_000  # samples per second that results may be asked for in
LOSSY = frozenset({"mp3", "m4a", "opus"})


@dataclass(frozen=True)
class OutputFormat:
    """How a stem is written: a container and its bit depth or bit rate.

    Raises:
        BadOutputFormat: the pair is not in WRITABLE, or the rate is out of range.
    """

    container: str = "wav"  # also the file name's extension
    subtype: str = ""  # "PCM_16", "PCM_24", "PCM_32", "FLOAT", or a bit rate such as "320k"; "" takes the container's default
    rate: int | None = None  # samples per second; None for those of the sound

    def __post_init__(self) -> None:
        known = WRITABLE.get(self.container)
        if known is None:
            raise BadOutputFormat(
                f"cannot write the format {self.container!r}",
                hint=f"Choose one of: {', '.join(WRITABLE)}.",
                format=self.container,
            )
        if not self.subtype:
            object.__setattr__(self, "subtype", known[0])
        elif self.subtype not in known:
            raise BadOutputFormat(
                f"cannot write {self.container} as {self.subtype!r}",
                hint=f"Choose one of: {', '.join(known)}.",
                format=f"{self.container} {self.subtype}",
            )
        if self.rate is not None and not MIN_RATE <= self.rate <= MAX_RATE:
            raise BadOutputFormat(
                f"cannot write at {self.rate} Hz", hint=f"Choose a rate from {MIN_RATE} to {MAX_RATE} Hz.", format=str(self.rate)
            )

    @property
    def lossy(self) -> bool:
        """Whether what is read back differs from what was written by more than rounding."""
        return self.container in LOSSY

    @property
    def bit_rate(self) -> int | None:
        """Bits per second of a lossy format, None otherwise."""
        return int(self.subtype[:-1]) * 1000 if self.lossy else None
