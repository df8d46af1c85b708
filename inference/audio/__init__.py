"""Sound in and out: files of any kind to streams of float32 blocks [C, n] and back, in memory that does not grow with the song.

    probe, AudioSource     decode.py    what a file holds; its samples, block by block
    AudioWriter            encode.py    blocks into wav, flac, mp3, m4a, opus
    Resampler, resample    resample.py  another sample rate, streaming and aligned
    PeakMeter              peaks.py     a small envelope to draw a waveform from

libsndfile, libav and soxr are loaded when a file or a stream first needs them, not when this package is imported.
"""

from inference.audio.decode import AudioSource, probe
from inference.audio.encode import AudioWriter
from inference.audio.peaks import PeakMeter
from inference.audio.resample import Resampler, resample

__all__ = ["AudioSource", "AudioWriter", "PeakMeter", "Resampler", "probe", "resample"]
