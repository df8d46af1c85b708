"""How a song is to be separated: what a user may choose for a job, the same for every model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from inference.errors import BadOption

Precision = Literal["auto", "exact", "fast"]
"""exact: float32. fast: matrix products and convolutions in 16 bits. auto: fast where a song shows that it can be heard by nobody."""

Overlap = Literal["standard", "fast", "high"] | int
"""standard: the model's own. fast: chunks cross-fade over a second. high: twice the standard. A number: chunks per chunk length."""

MAX_OVERLAP = 50
MAX_SHIFTS = 20
VR_WINDOWS = (320, 512, 1024)


@dataclass(frozen=True)
class VrOptions:
    """What only VR models know.

    Raises:
        BadOption: a value out of its range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    window_size: int = 512  # frames that the network sees at once: 320 is finer and slower, 1024 coarser and faster
    aggressiveness: int = 5  # -100 .. 100: how much of what is unclear is taken out of the primary stem
    post_process: bool = False  # give short gaps in the vocals' mask back to the accompaniment
    post_process_threshold: float = 0.2  # 0 .. 1: masks above are vocals; the field uses 0.1 .. 0.3
    high_end: bool = False  # mirror the band below into the top that the band layout leaves out

    def __post_init__(self) -> None:
        if self.window_size not in VR_WINDOWS:
            raise BadOption(f"a VR window of {self.window_size} frames; it is one of {', '.join(map(str, VR_WINDOWS))}")
        if not -100 <= self.aggressiveness <= 100:
            raise BadOption(f"a VR aggressiveness of {self.aggressiveness}; it is -100 to 100")
        if not 0 < self.post_process_threshold < 1:
            raise BadOption(f"a VR post-process threshold of {self.post_process_threshold}; it lies between 0 and 1")


@dataclass(frozen=True)
class Options:
    """All choices; the defaults are what the model was published with.

    Raises:
        BadOption: a value out of its range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    precision: Precision = "auto"
    overlap: Overlap = "standard"
    chunk: int | None = None  # samples at the model's rate, None for the model's own; the model may round it
    batch: int | None = None  # chunks in one call of the network, None for the model's own
    tta: bool = False  # test-time augmentation: the mean with channels swapped and with polarity flipped; three times the work
    shifts: int = 1  # passes with the grid of chunks moved, averaged; so many times the work
    normalize: bool | None = None  # to the song's mean and standard deviation and back; None as the model says
    vr: VrOptions = field(default_factory=VrOptions)

    def __post_init__(self) -> None:
        if self.precision not in ("auto", "exact", "fast"):
            raise BadOption(f"a precision of {self.precision!r}; it is auto, exact or fast")
        if isinstance(self.overlap, str):
            if self.overlap not in ("standard", "fast", "high"):
                raise BadOption(f"an overlap of {self.overlap!r}; it is standard, fast, high or a number")
        elif not 1 <= self.overlap <= MAX_OVERLAP:
            raise BadOption(f"an overlap of {self.overlap}; it is 1 to {MAX_OVERLAP}")
        if self.chunk is not None and self.chunk < 1:
            raise BadOption(f"a chunk of {self.chunk} samples")
        if self.batch is not None and self.batch < 1:
            raise BadOption(f"a batch of {self.batch} chunks")
        if not 1 <= self.shifts <= MAX_SHIFTS:
            raise BadOption(f"{self.shifts} shifted passes; they are 1 to {MAX_SHIFTS}")


def parse_options(data: Mapping[str, Any]) -> Options:
    """Options from decoded JSON; what is not said has its default.

    Raises:
        BadOption: a name that does not exist, or a value of the wrong kind or out of its range.
    """
    try:
        return _OPTIONS.validate_python(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][:2] if str(part).isidentifier() and part != "int") or "options"
        known = ", ".join(each.name for each in fields(Options))
        raise BadOption(f"{place}: {first['msg']}", hint=f"The options are {known}.", option=place) from error


_OPTIONS: TypeAdapter[Options] = TypeAdapter(Options)
