"""Layers of the spectrogram's branch with weights of their own for each band of frequencies (the option multi_freqs).

An encoder's bands are cut so that the frames of the strided convolution go on as if there were no cut; a decoder's bands overlap by
a stride in the transposed convolution's output and are added there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.demucs_layers import Decoder, Encoder


class BandEncoder(nn.Module):
    """An Encoder for each band.

    Args:
        make: makes one, which must not pad nor normalise.
        limits: between bands, 0 .. 1, rising.
        pad: zeros before the lowest and after the highest band.
    """

    empty = False

    def __init__(self, make: Callable[[], Encoder], limits: Sequence[float], pad: int) -> None:
        super().__init__()
        layers = [make() for _ in range(len(limits) + 1)]
        self.layers = nn.ModuleList(layers)
        self.shape = layers[0].shape
        self.limits = tuple(limits)
        self.pad = pad

    def forward(self, x: Tensor, inject: Tensor | None = None) -> Tensor:
        """[B, C, F, T] -> [B, D, F / stride, T]."""
        shape = self.shape
        padded = F.pad(x, (0, 0, self.pad, self.pad))
        start, found = 0, []  # in rows of `padded`
        for layer, limit in zip(self.layers, (*self.limits, None), strict=True):
            end = padded.shape[2]
            if limit is not None:
                rows = round(x.shape[2] * limit) + self.pad - start
                end = start + (round((rows - shape.kernel) / shape.stride + 1) - 1) * shape.stride + shape.kernel
            found.append(layer(padded[:, :, start:end]))
            start = end - shape.kernel + shape.stride
        return torch.cat(found, 2)


class BandDecoder(nn.Module):
    """A Decoder for each band.

    Args:
        make: makes one, which must not crop nor normalise nor activate.
        limits: as of the encoder.
        last: whether no activation follows.
    """

    empty = False

    def __init__(self, make: Callable[[], Decoder], limits: Sequence[float], *, last: bool) -> None:
        super().__init__()
        layers = [make() for _ in range(len(limits) + 1)]
        self.layers = nn.ModuleList(layers)
        self.stride = layers[0].shape.stride
        self.limits = tuple(limits)
        self.last = last

    def forward(self, x: Tensor, skip: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """[B, C, F, T] -> [B, D, F * stride, T], and the input, as nothing else is asked for."""
        stride = self.stride
        start, found = 0, x.new_zeros(())
        for layer, limit in zip(self.layers, (*self.limits, 1), strict=True):
            end = round(x.shape[2] * limit)
            band, _ = layer(x[:, :, start:end], skip[:, :, start:end], length)
            if start:
                bias = layer.get_parameter("conv_tr.bias")[:, None, None]  # both bands have added theirs
                found[:, :, -stride:] += band[:, :, :stride] - bias
                found = torch.cat([found, band[:, :, stride:]], 2)
            else:
                found = band
            start = end
        found = found[:, :, stride // 2 : -(stride // 2)]
        return (found if self.last else F.gelu(found)), x
