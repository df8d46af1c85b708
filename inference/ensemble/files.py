"""Files of any kind brought together: one sample rate, one number of channels, all starting at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from inference.audio import AudioSource, resample
from inference.audio.resample import resampled_length
from inference.audio.steady import with_channels
from inference.ensemble.ahead import cores, read_ahead
from inference.errors import BadOption, MsstError
from inference.types import Samples


@dataclass(frozen=True)
class AlignedFiles:
    """What came out of `open_aligned`."""

    members: tuple[Iterator[Samples], ...]  # float32 [channels, n], in the order of the paths; each is read once, while files are open
    sample_rate: int  # of all members
    channels: int  # of all members
    frames: int | None  # samples of the longest at this rate, None where a header does not say; may be an estimate

    @property
    def duration(self) -> float | None:
        """Length in seconds, as far as the headers know it."""
        return None if self.frames is None else self.frames / self.sample_rate


@contextmanager
def open_aligned(paths: Sequence[Path], *, sample_rate: int | None = None, channels: int | None = None) -> Iterator[AlignedFiles]:
    """Open files for an ensemble; a context manager.

    Nothing is lost and the order does not matter: without `sample_rate` the highest of all is taken, and without `channels` the most of
    all. A mono file is copied to all channels; other files get silent ones where they have fewer. Lengths stay: `ensemble` is as
    long as the longest. Each file is decoded a block ahead of what is used, in a thread.

    Raises:
        BadOption: no paths.
        UnsupportedFormat, BadAudio, EmptyAudio: a file that cannot be used, with its name; some damage shows only while reading.
    """
    if not paths:
        raise BadOption("an ensemble of no files", hint="Choose at least one file.", option="members")
    with ExitStack() as stack:
        sources = []
        for path in paths:
            with _naming(path):
                sources.append(stack.enter_context(AudioSource(path)))
        rate = sample_rate or max(source.info.sample_rate for source in sources)
        width = channels or max(source.info.channels for source in sources)
        # Entered last, so that no thread still reads when the files are closed.
        pool = stack.enter_context(ThreadPoolExecutor(cores(), "decode"))
        members = tuple(read_ahead(_member(path, source, rate, width), pool) for path, source in zip(paths, sources, strict=True))
        yield AlignedFiles(members, rate, width, _frames(sources, rate))


def _member(path: Path, source: AudioSource, rate: int, channels: int) -> Iterator[Samples]:
    """The file's sound as it shall be. Rates are changed where there are fewer channels: before or after they are copied."""
    info = source.info
    fewer = min(info.channels, channels)
    with _naming(path):
        blocks = (with_channels(block, fewer) for block in source)
        for block in resample(blocks, channels=fewer, source_rate=info.sample_rate, target_rate=rate):
            yield with_channels(block, channels)


def _frames(sources: Sequence[AudioSource], rate: int) -> int | None:
    each = [
        None if source.info.frames is None else resampled_length(source.info.frames, source.info.sample_rate, rate) for source in sources
    ]
    known = [frames for frames in each if frames is not None]
    return max(known) if len(known) == len(each) else None


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors about one of several files say which."""
    try:
        yield
    except MsstError as error:
        if path.name in error.message:
            raise
        raise type(error)(f"{path.name!r}: {error.message}", hint=error.hint, **{**error.params, "file": path.name}) from error
