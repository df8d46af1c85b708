"""SCNet: a sparse compression network, which keeps the low band as it is and folds the higher ones.

Tong et al., "SCNet: Sparse Compression Network for Music Source Separation", ICASSP 2024, arXiv:2401.13276.

The spectrogram (real and imaginary parts as channels, no window) goes through encoder blocks that split the band in three and
stride over each by its own step, through recurrent networks along frequency and along time, and back up through decoder blocks.
Every second recurrent block works on the Fourier transform of its picture along time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks import Config, Setup, section
from inference.networks.chunked import ChunkModel, plan, stems_of
from inference.networks.inverse import istft
from inference.networks.scnet_fast import FastNet
from inference.networks.scnet_layers import Band, Decoder, Encoder, SeparationNet

HALF = {"cpu": torch.bfloat16, "cuda": torch.float16}
# With random weights, small networks in bfloat16: 43 dB, with masks 49, with transformers 34. The separator measures each checkpoint.


class Waves:
    """From waves to pictures and back.

    Args:
        model: the section of a config: nfft, hop_size, win_size, normalized, audio_channels.
        window: makes the window of so many samples.
    """

    def __init__(self, model: Config, window: Callable[..., Tensor]) -> None:
        self.n_fft, self.hop = int(model["nfft"]), int(model["hop_size"])
        self.win_length, self.normalized = int(model.get("win_size", self.n_fft)), bool(model.get("normalized", True))
        self.channels = int(model.get("audio_channels", 2))
        self.window = window

    def stft(self, wave: Tensor) -> Tensor:
        """[B, C, T] -> real and imaginary parts [B, 2 C, bins, frames]. The frames are even, as the Fourier blocks need it."""
        padding = self.hop - wave.shape[-1] % self.hop
        if (wave.shape[-1] + padding) // self.hop % 2 == 0:
            padding += self.hop
        wave = F.pad(wave, (0, padding)).flatten(0, 1)
        window = self.window(self.win_length, device=wave.device, dtype=wave.dtype)
        spectrum = torch.stft(wave, self.n_fft, self.hop, self.win_length, window, normalized=self.normalized, return_complex=True)
        parts = torch.view_as_real(spectrum).permute(0, 3, 1, 2)
        return parts.reshape(-1, 2 * self.channels, *parts.shape[2:])

    def istft(self, parts: Tensor, length: int) -> Tensor:
        """[B, S, 2 C, bins, frames] -> [B, S, C, length]."""
        spectrum = torch.view_as_complex(torch.unflatten(parts, 2, (-1, 2)).permute(0, 1, 2, 4, 5, 3).contiguous())
        window = self.window(self.win_length, device=parts.device, dtype=parts.dtype)
        flat = spectrum.flatten(0, 2)
        wave = istft(flat, self.n_fft, self.hop, window, normalized=self.normalized)
        return wave.reshape(*spectrum.shape[:3], -1)[..., :length]


class ScNet(nn.Module):
    """The network in its published form.

    Args:
        config: with the section model.
    """

    silence = False  # whether it answers silence with silence: here biases answer with a little noise
    window: Callable[..., Tensor] = staticmethod(torch.ones)
    offsets: Tensor | None = None  # added to the spectrum that the encoder reads

    def __init__(self, config: Config) -> None:
        super().__init__()
        model = section(config, "model")
        self.stems = tuple(model["sources"])
        self.waves = Waves(model, self.window)
        self.dims = dims = [int(dim) for dim in model["dims"]]
        bands = [Band(*sizes) for sizes in zip(model["band_SR"], model["band_stride"], model["band_kernel"], strict=True)]
        self.encoder = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for level, (outer, inner) in enumerate(pairwise(dims)):
            convolutions = (model["conv_depths"], int(model.get("compress", 4)), int(model.get("conv_kernel", 3)))
            self.encoder.append(Encoder(outer, inner, bands, *convolutions))
            self.decoder.insert(0, Decoder(inner, outer if level else outer * len(self.stems), bands))
        self.separation_net = self.make_separation(model)
        self.mask_layer: nn.Module | None = None  # makes masks of the decoder's answer

    def make_separation(self, model: Config) -> nn.Module:
        """What stands between encoder and decoder."""
        return SeparationNet(self.dims[-1], int(model.get("num_dplayer", 6)), int(model.get("expand", 1)))

    def forward(self, mixture: Tensor) -> Tensor:
        """[B, C, T] -> [B, stems, C, T]."""
        spectrum = self.waves.stft(mixture)
        x, skips, sizes = self.before(spectrum), [], []
        for encoder in self.encoder:
            sizes.append(x.shape[2])
            x, skip, lengths = encoder(x)
            skips.append((skip, lengths))
        x = self.separation_net(x)
        for decoder in self.decoder:
            skip, lengths = skips.pop()
            x = decoder(x, skip, lengths, sizes.pop())
        return self.waves.istft(torch.unflatten(self.after(x, spectrum), 1, (len(self.stems), -1)), mixture.shape[-1])

    def before(self, spectrum: Tensor) -> Tensor:
        """What the encoder reads: [B, 2 C, bins, frames]."""
        return spectrum

    def after(self, x: Tensor, spectrum: Tensor) -> Tensor:
        """The stems' spectra [B, stems * 2 C, bins, frames] from the decoder's answer, of the same shape."""
        return x


def build(config: Config) -> ScNet:
    """The published form."""
    return ScNet(config)


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model that the loop runs."""
    (network,) = networks
    assert isinstance(network, ScNet)
    return ChunkModel(
        FastNet(network.eval(), setup.half),
        stems_of(config, len(network.stems)) if "training" in config else network.stems,
        plan(config, setup),
        setup,
        config,
        channels=network.waves.channels,
    )
