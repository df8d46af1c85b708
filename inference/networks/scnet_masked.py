"""SCNet with masks: what the decoder answers becomes a complex mask of the mixture's spectrum for each stem, of parts within -1 .. 1.

The spectrum has a Hann window, and each of its bins is told to the encoder by a learned offset. The rest is `scnet`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from inference.networks import Config, Setup, scnet
from inference.networks.chunked import ChunkModel

HIDDEN = 64  # channels inside the mask layer

HALF = scnet.HALF


class MaskedScNet(scnet.ScNet):
    """The network in its published form.

    Args:
        config: with the section model.
    """

    silence = True
    window = staticmethod(torch.hann_window)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        channels = self.dims[0] * len(self.stems)
        self.pos_embed_f = nn.Parameter(torch.zeros(1, self.dims[0], self.waves.n_fft // 2 + 1, 1))
        last = nn.Conv2d(HIDDEN, channels, 1)
        self.mask_layer = nn.Sequential(nn.Conv2d(channels, HIDDEN, 3, padding=1), nn.GELU(), last)

    @property
    def offsets(self) -> Tensor:  # type: ignore[override]
        """Added to the spectrum that the encoder reads, [1, 2 C, bins, 1]."""
        return self.pos_embed_f

    def before(self, spectrum: Tensor) -> Tensor:
        """What the encoder reads: [B, 2 C, bins, frames]."""
        return spectrum + self.pos_embed_f

    def after(self, x: Tensor, spectrum: Tensor) -> Tensor:
        """The stems' spectra [B, stems * 2 C, bins, frames] from the decoder's answer, of the same shape."""
        assert self.mask_layer is not None
        return masked(torch.tanh(self.mask_layer(x)), spectrum)


def masked(mask: Tensor, spectrum: Tensor) -> Tensor:
    """The complex product of masks [B, n * 2 C, bins, frames] and a spectrum [B, 2 C, bins, frames]."""
    a, b = torch.unflatten(mask, 1, (-1, spectrum.shape[1] // 2, 2)).unbind(3)
    real, imaginary = torch.unflatten(spectrum, 1, (1, -1, 2)).unbind(3)
    return torch.stack([a * real - b * imaginary, a * imaginary + b * real], 3).flatten(1, 3)


def build(config: Config) -> MaskedScNet:
    """The published form."""
    return MaskedScNet(config)


def wave_model(networks: Sequence[nn.Module], config: Config, setup: Setup) -> ChunkModel:
    """The model that the loop runs."""
    return scnet.wave_model(networks, config, setup)
