"""Plain samples (WAV, AIFF, AU, CAF, W64) and Ogg Vorbis through libsndfile: exact for every bit depth, streaming.

A file whose sound is shorter than its header says is read as far as it goes, like players do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soundfile

from inference.audio.bounded import BoundedFile
from inference.audio.limits import check_info
from inference.audio.sniff import Kind
from inference.errors import BadAudio
from inference.types import AudioInfo, Samples


class PcmReader:
    """Reads an open file; closing that file is the caller's.

    Raises:
        CannotRead: libsndfile does not know what is in the container (the caller may try libav).
        BadAudio, EmptyAudio: the header claims impossible things, or no sample.
    """

    def __init__(self, file: BoundedFile, kind: Kind) -> None:
        file.seek(0)
        self._file = file
        try:
            self._sound = soundfile.SoundFile(file)
        except soundfile.LibsndfileError as error:
            raise CannotRead(str(error)) from error
        if self._sound.subtype.startswith("MPEG"):
            self._sound.close()
            raise CannotRead("MP3 in a WAV: libav resyncs after damage, and keeps quiet about it")
        try:
            self.info = check_info(AudioInfo(self._sound.samplerate, self._sound.channels, self._sound.frames, kind.name))
        except BadAudio:
            self._sound.close()
            raise

    def blocks(self, block_frames: int) -> Iterator[Samples]:
        """The samples as blocks [C, n], 0 < n <= block_frames.

        Raises:
            BadAudio: libsndfile finds the data damaged.
        """
        position = 0
        while True:
            try:
                block = self._sound.read(block_frames, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                second = position / self.info.sample_rate
                raise BadAudio(f"damaged sound data after {second:.2f} s ({error.error_string})", second=second) from error
            if not len(block):
                break
            position += len(block)
            yield np.ascontiguousarray(block.T)
        if self._file.exhausted:
            raise BadAudio("the file's header leads in circles", hint="The file is damaged: export the song again.")

    def close(self) -> None:
        """Lets go of libsndfile's state."""
        self._sound.close()


class CannotRead(Exception):
    """libsndfile does not take this file."""
