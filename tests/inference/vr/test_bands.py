"""The combined spectrogram and the way back, against what the published program computes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from inference.audio.resample import resample
from inference.vr.bands import Bands
from inference.vr.layouts import layout
from tests.vectors import GOLDEN, agreement

FILE = safe_open(GOLDEN / "vr_pipeline.safetensors", "pt")
RECORDED = sorted(key for key in FILE.metadata() if key.endswith((".v4", ".v51")))


def recorded_song(rate: int) -> Tensor:
    song = FILE.get_tensor("input")
    if rate == 44100:
        return song
    blocks = resample([song.numpy()], channels=2, source_rate=44100, target_rate=rate)
    return torch.from_numpy(np.concatenate(list(blocks), -1))


def whole(bands: Bands, song: Tensor) -> Tensor:
    """The combined spectrogram of a song, as many frames as the published program has."""
    return bands.combined(bands.waves(song[None]), 0, 1 + song.shape[-1] // bands.layout.hop)


@pytest.mark.parametrize("name", RECORDED)
def test_spectrogram_and_masked_wave_are_those_recorded(name: str) -> None:
    about = json.loads(FILE.metadata()[name])
    params, version = name.rsplit(".", 1)
    bands = Bands(layout(params), cascaded=version == "v51")
    found = whole(bands, recorded_song(about["output_sr"]))
    assert [2, *found.shape[:1:-1]] == about["spectrogram_shape"]
    assert agreement(found[0].mT.abs()[:, ::16, ::4], FILE.get_tensor(f"{name}.magnitude")) > 45  # 130 without another rate

    mask = torch.from_numpy(np.random.RandomState(11).uniform(0.2, 1, about["spectrogram_shape"]).astype(np.float32))
    wave = bands.song(found * mask.mT, [True], ends=True)[0, :, bands.margin * bands.layout.hop :]
    wanted = FILE.get_tensor(f"{name}.masked")
    wave = wave[:, : wanted.shape[-1]]
    if params == "3band_44100_msb2":
        # The published program leaves the bins above its highest band as the memory was: there, row b of the second channel
        # is row b - 192 of the lowest band. So only what is below is compared.
        wave, wanted = below(wave, 20000), below(wanted, 20000)
    assert agreement(wave, wanted) > 55


def below(wave: Tensor, frequency: float, rate: int = 44100) -> Tensor:
    spectrum = torch.fft.rfft(wave)
    spectrum[..., int(frequency / rate * wave.shape[-1]) :] = 0
    return torch.fft.irfft(spectrum, wave.shape[-1])
