"""What a file may claim. Nothing is ever allocated by a header's word; a claim beyond these limits is refused outright."""

from __future__ import annotations

from inference.errors import BadAudio, EmptyAudio
from inference.types import AudioInfo

MIN_RATE, MAX_RATE = 1_000, 768_000  # samples per second
MAX_CHANNELS = 32
MAX_SECONDS = 24 * 3600


def check_shape(sample_rate: int, channels: int) -> None:
    """Raises BadAudio for a sample rate or a channel count that no song has."""
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise BadAudio(
            f"the file claims a sample rate of {sample_rate} Hz",
            hint=f"From {MIN_RATE} to {MAX_RATE} Hz can be read.",
            rate=sample_rate,
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise BadAudio(f"the file claims {channels} channels", hint=f"From 1 to {MAX_CHANNELS} can be read.", channels=channels)


def check_length(frames: int, sample_rate: int) -> None:
    """Raises BadAudio for more than a day of sound."""
    if frames > MAX_SECONDS * sample_rate:
        raise BadAudio(
            f"the file claims or holds more than {MAX_SECONDS // 3600} hours of sound",
            hint="Cut it into shorter files.",
            frames=frames,
        )


def check_info(info: AudioInfo) -> AudioInfo:
    """The same info, if everything it claims is possible.

    Raises:
        BadAudio: sample rate, channels or length beyond the limits above.
        EmptyAudio: the header says that there is no sample.
    """
    check_shape(info.sample_rate, info.channels)
    if info.frames is not None:
        check_length(info.frames, info.sample_rate)
        if info.frames == 0:
            raise EmptyAudio("the file holds no sound: its header counts 0 samples", hint="Export the song again.")
    return info
