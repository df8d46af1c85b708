"""Spleeter with two stems: a U-Net for each finds its magnitude, and the magnitudes share out the mixture's spectrogram.

Hennequin et al., "Spleeter: a fast and efficient music source separation tool with pre-trained models", JOSS 2020.

The song is one centred STFT (4096 samples, hop 1024, periodic Hann window). A U-Net looks at blocks of 512 frames and at the
lowest 1024 of 2049 bins (11 kHz); above, a mask goes on with its mean over the band. A chunk is the samples of one block:

    frames  0 ... 511 | 512 ... 1023 | ...
    chunk 0 [===============]                511 * 1024 + 4096 samples
    chunk 1           [===============]      512 * 1024 samples later

As each chunk's window is the sum of its frames' squared windows, the overlap-add divides by the sum over all frames of the song:
the result is that of one inverse STFT of the whole song.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, Setup, Survey, WaveModel
from inference.networks.spleeter_fast import FastUNet
from inference.options import Options
from inference.overlap_add import Plan

N_FFT, HOP, FRAMES, BAND = 4096, 1024, 512, 1024
WIDTHS = (16, 32, 64, 128, 256, 512)
BATCH_NORM_EPS = 1e-3
SLOPE = 0.2  # of the leaky ReLUs
MASK_FLOOR = 1e-10


class UNet(nn.Module):
    """One of the published networks: the magnitudes of one stem from those of the mixture.

    Its children are named as in the published checkpoints; the gaps in their numbers are layers without weights.
    """

    def __init__(self) -> None:
        super().__init__()
        for level, (before, after) in enumerate(zip((2, *WIDTHS), WIDTHS, strict=False), 1):
            self.add_module(f"down{level}_conv", nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(before, after, 5, 2)))
            norm = nn.BatchNorm2d(after, eps=BATCH_NORM_EPS)
            self.add_module(f"down{level}_act", nn.Sequential(norm, nn.LeakyReLU(SLOPE)))
        for level, (before, after) in enumerate(zip((512, 512, 256, 128, 64, 32), (256, 128, 64, 32, 16, 1), strict=True), 1):
            layers = (nn.ConvTranspose2d(before, after, 5, 2), _Crop(), nn.ReLU(), nn.BatchNorm2d(after, eps=BATCH_NORM_EPS))
            self.add_module(f"up{level}", nn.Sequential(*layers))
        self.up7 = nn.Sequential(nn.Conv2d(1, 2, 4, padding=3, dilation=2), nn.Sigmoid())

    def forward(self, magnitudes: Tensor) -> Tensor:
        """[B, 2, frames, bins] -> the same shape; frames and bins are multiples of 64."""
        x, skips = magnitudes, []
        for level in range(1, 7):
            skips.append(self.get_submodule(f"down{level}_conv")(x))  # before norm and activation, as published
            x = self.get_submodule(f"down{level}_act")(skips[-1])
        x = self.get_submodule("up1")(skips.pop())
        for level in range(2, 7):
            x = self.get_submodule(f"up{level}")(torch.cat([skips.pop(), x], 1))
        mask: Tensor = self.up7(x)
        return mask * magnitudes


class _Crop(nn.Module):
    """Takes a transposed convolution's border off, so that it exactly doubles the size."""

    def forward(self, x: Tensor) -> Tensor:
        return x[..., 1:-2, 1:-2]


class Spleeter(nn.Module):
    """Vocals and accompaniment from a stereo song at 44.1 kHz.

    Args:
        vocals: the network for the vocals.
        accompaniment: the network for the rest.
        options: overlap and shifts put blocks closer together; augmentation swaps the channels (magnitudes know no polarity). Blocks
            keep their length.
    """

    sample_rate = 44100
    channels = 2
    stems = ("vocals", "accompaniment")

    def __init__(self, vocals: nn.Module, accompaniment: nn.Module, options: Options | None = None) -> None:
        super().__init__()
        self.vocals = vocals
        self.accompaniment = accompaniment
        self.window: Tensor
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        options = options or Options()
        blocks = {"standard": 1, "fast": 1, "high": 2}.get(str(options.overlap)) or int(options.overlap)
        step = max(FRAMES // (blocks * options.shifts), 1) * HOP
        self.plan = Plan(self._envelope(FRAMES), step=step, border=N_FFT // 2, batch=options.batch or 1, silence=True)
        self._tta = options.tta

    def survey(self) -> Survey | None:
        """Nothing: it needs to know no more than a chunk."""
        return None

    def remember(self, other: WaveModel) -> None:
        """Nothing: see `survey`."""

    def shorter(self, samples: int) -> int | None:
        """None: the network knows its own block only."""
        return None

    def separate(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """[B, 2, chunk] -> [B, len(stems), 2, chunk]."""
        spectrum = torch.fft.rfft(mixture.unfold(-1, N_FFT, HOP) * self.window)  # [B, 2, frames, bins]
        counts = [max((length - N_FFT) // HOP + 1, 1) for length in lengths]  # frames that the STFT of the song has
        for item, count in enumerate(counts):
            spectrum[item, :, count:] = 0
        magnitudes = spectrum[..., :BAND].abs()
        mask = self._mask(magnitudes)
        if self._tta:
            mask = (mask + self._mask(magnitudes.flip(1)).flip(1)) / 2
        spectrum[..., :BAND] *= mask
        spectrum[..., BAND:] *= mask.mean(-1, keepdim=True)
        frames = torch.fft.irfft(spectrum, N_FFT).mul_(self.window)
        vocals = _join(frames) / torch.stack([self._envelope(count) for count in counts])[:, None]
        # The masks add up to one and the STFT inverts itself: what the vocals leave is the accompaniment.
        return torch.stack([vocals if stem == "vocals" else mixture - vocals for stem in stems], 1)

    def _envelope(self, count: int) -> Tensor:
        """Sum of the squared windows of the first `count` frames, [chunk]; a hair above zero where there is none."""
        squares = self.window.square().expand(count, N_FFT)
        return F.pad(_join(squares), (0, (FRAMES - count) * HOP)).clamp_min(1e-12)

    def _mask(self, magnitudes: Tensor) -> Tensor:
        """The share of the vocals in every bin of the band, 0 .. 1. The accompaniment's is the rest to one."""
        vocals = self.vocals(magnitudes).square_()
        total = self.accompaniment(magnitudes).square_().add_(vocals).add_(MASK_FLOOR)
        mask: Tensor = vocals.add_(MASK_FLOOR / 2).div_(total)
        return mask


def _join(frames: Tensor) -> Tensor:
    """Add frames [..., n, N_FFT] up at a distance of HOP: [..., (n - 1) * HOP + N_FFT]."""
    overlap = N_FFT // HOP
    count = frames.shape[-2]
    rows = frames.new_zeros(*frames.shape[:-2], count + overlap - 1, HOP)
    for part, piece in enumerate(frames.reshape(*frames.shape[:-1], overlap, HOP).unbind(-2)):
        rows[..., part : part + count, :] += piece
    return rows.flatten(-2)


def build(config: Config) -> UNet:
    """One of the two networks. There is nothing to configure."""
    return UNet()


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> Spleeter:
    """The whole model from its two networks: vocals, accompaniment."""
    vocals, accompaniment = (FastUNet(network.eval()) for network in networks)
    return Spleeter(vocals, accompaniment, setup.options)
