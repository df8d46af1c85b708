"""The parts of SCNet, in their published form. Pictures are [B, channels, bins, frames]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.inverse import real_ends_


class Band(NamedTuple):
    """How a part of the spectrum is compressed."""

    share: float  # of all bins
    stride: int  # bins
    kernel: int  # bins

    def padding(self, bins: int) -> int:
        """Zeros that the part needs, before and behind together."""
        return self.kernel - self.stride if self.stride == 1 else -bins % self.stride


def borders(bands: Sequence[Band], bins: int) -> list[int]:
    """Where the bands begin, and the end of the last."""
    total, found = 0.0, [0]
    for band in bands[:-1]:
        total += band.share
        found.append(math.ceil(bins * total))
    return [*found, bins]


class Compression(nn.Module):
    """Splits the spectrum into bands and strides over each by its own step."""

    def __init__(self, before: int, after: int, bands: Sequence[Band]) -> None:
        super().__init__()
        self.bands = list(bands)
        self.convs = nn.ModuleList([nn.Conv2d(before, after, (band.kernel, 1), (band.stride, 1)) for band in bands])

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, before, bins, frames] -> the bands [B, after, fewer bins, frames]."""
        edges, found = borders(self.bands, x.shape[2]), []
        for band, convolution, start, end in zip(self.bands, self.convs, edges, edges[1:], strict=False):
            padding = band.padding(end - start)
            found.append(convolution(F.pad(x[:, :, start:end], (0, 0, padding // 2, padding - padding // 2))))
        return found


class Expansion(nn.Module):
    """Brings each band back to its own number of bins and joins them."""

    def __init__(self, before: int, after: int, bands: Sequence[Band]) -> None:
        super().__init__()
        self.bands = list(bands)
        self.convtrs = nn.ModuleList([nn.ConvTranspose2d(before, after, (band.kernel, 1), (band.stride, 1)) for band in bands])

    def forward(self, x: Tensor, lengths: Sequence[int], bins: int) -> Tensor:
        """[B, before, sum of `lengths`, frames] -> [B, after, bins, frames]."""
        edges, found = borders(self.bands, bins), []
        parts = torch.split(x, list(lengths), 2)
        for part, convolution, start, end in zip(parts, self.convtrs, edges, edges[1:], strict=False):
            grown = convolution(part)
            first = abs(end - start - grown.shape[2]) // 2
            found.append(grown[:, :, first : first + end - start])
        return torch.cat(found, 2)


class ConvolutionModule(nn.Module):
    """Residual gated convolutions along time."""

    def __init__(self, channels: int, depth: int, compress: int, kernel: int) -> None:
        super().__init__()
        hidden = channels // compress
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.GroupNorm(1, channels),
                nn.Conv1d(channels, 2 * hidden, kernel, padding=kernel // 2),
                nn.GLU(1),
                nn.Conv1d(hidden, hidden, kernel, padding=kernel // 2, groups=hidden),
                nn.GroupNorm(1, hidden),
                nn.SiLU(),
                nn.Conv1d(hidden, channels, 1),
            )
            for _ in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, frames] -> the same shape."""
        for layer in self.layers:
            x = x + layer(x)
        return x


class Encoder(nn.Module):
    """Compression, convolutions along time in each band, and one over the whole."""

    def __init__(self, before: int, after: int, bands: Sequence[Band], depths: Sequence[int], compress: int, kernel: int) -> None:
        super().__init__()
        self.SDlayer = Compression(before, after, bands)
        self.conv_modules = nn.ModuleList([ConvolutionModule(after, depth, compress, 3) for depth in depths])
        self.globalconv = nn.Conv2d(after, after, kernel, 1, (kernel - 1) // 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, list[int]]:
        """[B, before, bins, frames] -> the answer and the skip, [B, after, fewer bins, frames], and the bins of each band."""
        bands = []
        for band, module in zip(self.SDlayer(x), self.conv_modules, strict=True):
            rows = band.transpose(1, 2)  # each bin is a song of its own
            bands.append(F.gelu(module(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]).transpose(1, 2)))
        skip = torch.cat(bands, 2)
        return self.globalconv(skip), skip, [band.shape[2] for band in bands]


class Fusion(nn.Module):
    """Joins a skip to the way up: their sum, twice, through a gated convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[B, channels, bins, frames] twice -> the same shape."""
        return F.glu(self.conv((x + skip).repeat(1, 2, 1, 1)), 1)


class Decoder(nn.Sequential):
    """Fusion and expansion."""

    def __init__(self, before: int, after: int, bands: Sequence[Band]) -> None:
        super().__init__(Fusion(before), Expansion(before, after, bands))

    def forward(self, x: Tensor, skip: Tensor, lengths: Sequence[int], bins: int) -> Tensor:  # type: ignore[override]
        """[B, before, fewer bins, frames] twice -> [B, after, bins, frames]."""
        fusion, expansion = self
        found: Tensor = expansion(fusion(x, skip), lengths, bins)
        return found


class DualPath(nn.Module):
    """A recurrent network along frequency and one along time, each with its own way around."""

    def __init__(self, channels: int, expand: int) -> None:
        super().__init__()
        hidden = channels * expand
        self.lstm_layers = nn.ModuleList([nn.LSTM(channels, hidden, batch_first=True, bidirectional=True) for _ in range(2)])
        self.linear_layers = nn.ModuleList([nn.Linear(2 * hidden, channels) for _ in range(2)])
        self.norm_layers = nn.ModuleList([nn.GroupNorm(1, channels) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, bins, frames] -> the same shape."""
        along_frequency, along_time = (0, 3, 2, 1), (0, 2, 3, 1)
        for index, order in enumerate((along_frequency, along_time)):
            rows = self.norm_layers[index](x).permute(order)
            found, _ = self.lstm_layers[index](rows.flatten(0, 1))
            found = self.linear_layers[index](found).unflatten(0, rows.shape[:2])
            x = x + found.permute(0, 3, 2, 1) if index == 0 else x + found.permute(0, 3, 1, 2)
        return x


class SeparationNet(nn.Module):
    """Dual paths, in turn on the picture and on its Fourier transform along time."""

    def __init__(self, channels: int, depth: int, expand: int) -> None:
        super().__init__()
        self.dp_modules = nn.ModuleList([self.make(channels * (1 + index % 2), expand) for index in range(depth)])

    def make(self, channels: int, expand: int) -> nn.Module:
        """One block for so many channels."""
        return DualPath(channels, expand)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, bins, frames], the frames even -> the same shape, if the blocks are even too."""
        for index, module in enumerate(self.dp_modules):
            x = from_fourier(module(x)) if index % 2 else to_fourier(module(x))
        return x


def to_fourier(x: Tensor) -> Tensor:
    """[..., C, bins, frames] -> [..., 2 C, bins, frames // 2 + 1]: real parts, then imaginary ones."""
    spectrum = torch.fft.rfft(x, norm="ortho")
    return torch.cat([spectrum.real, spectrum.imag], -3)


def from_fourier(x: Tensor) -> Tensor:
    """The way back."""
    real, imaginary = x.chunk(2, -3)
    found: Tensor = torch.fft.irfft(real_ends_(torch.complex(real, imaginary), -1), norm="ortho")
    return found
