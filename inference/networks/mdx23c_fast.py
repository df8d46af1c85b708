"""MDX23C's network once more, laid out for speed; `mdx23c.Mdx23c` has the published form.

It is made from a published network and answers the same to within 100 dB. What differs:

- A picture is [frames, bins, channels] from the first layer to the last, each chunk of a batch on its own: nothing is turned
  around, and a row of it is one piece of memory.
- Norms are a scale and a shift for each channel, done together with the activation on a tile that the next product then reads
  from the cache; convolutions are `mdx23c_conv`; residuals are added within the products.
- Only those rows of the last convolution are computed, and only those inverse transforms, that the stems asked for need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inference.networks.mdx23c_conv import Convolution, Norm, activate_, tiles
from inference.networks.packed import PackedLinear


class FastNet(nn.Module):
    """As `mdx23c.Mdx23c`, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        half: type of the products along bins and of the 3 x 3 convolutions, None for float32. Shortcuts and changes of size stay in
            float32: they are a small part of the work, and in 16 bits they cost 9 dB.
    """

    def __init__(self, published: Any, half: torch.dtype | None) -> None:
        super().__init__()
        self.waves = published.waves
        self.first = _pointwise(published.first_conv)
        self.encoder = nn.ModuleList([_Encoder(level, half) for level in published.encoder_blocks])
        self.bottleneck = _TfcTdf(published.bottleneck_block, half)
        self.decoder = nn.ModuleList([_Decoder(level, half) for level in published.decoder_blocks])
        self.last = _Last(published.final_conv, len(published.stems))

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, n]."""
        return torch.cat([self._one(song[None], list(stems)) for song in mixture])

    def _one(self, mixture: Tensor, stems: list[int]) -> Tensor:
        spectrum = self.waves.stft(mixture)[0].permute(2, 1, 0).contiguous()  # [frames, bins, parts]
        first = self.first(spectrum)
        x, skips = first, []
        for encoder in self.encoder:
            skip, x = encoder(x)
            skips.append(skip)
        x = self.bottleneck(x)
        for decoder in self.decoder:
            x = decoder(x, skips.pop())
        parts = self.last(spectrum, x, first, stems)
        found: Tensor = self.waves.istft(parts.permute(2, 3, 1, 0)[None])
        return found


class _Block(nn.Module):
    """A convolution, a pass along frequency, another convolution, and a way around them."""

    def __init__(self, published: nn.Module, half: torch.dtype | None) -> None:
        super().__init__()
        part = published.get_submodule
        self.shortcut = _pointwise(part("shortcut"))
        self.tfc1 = _convolution(part("tfc1"), half)
        self.tdf = _AlongBins(part("tdf"), half)
        self.tfc2 = _convolution(part("tfc2"), half)

    def forward(self, x: Tensor) -> Tensor:
        """[frames, bins, C] -> [frames, bins, D]."""
        found: Tensor = self.tfc2(self.tdf(self.tfc1(x)), out=self.shortcut(x))
        return found


class _TfcTdf(nn.Sequential):
    def __init__(self, published: Any, half: torch.dtype | None) -> None:
        super().__init__(*(_Block(block, half) for block in published.blocks))


class _AlongBins(nn.Module):
    """The residual pass along frequency, through fewer bins and back."""

    def __init__(self, published: Any, half: torch.dtype | None) -> None:
        super().__init__()
        norm1, act1, narrow, norm2, act2, wide = published
        self.norm1, self.narrow = Norm(norm1, act1), _Mix(narrow.weight, half)
        self.norm2, self.wide = Norm(norm2, act2), _Mix(wide.weight, half)

    def forward(self, x: Tensor) -> Tensor:
        """Added to the picture [frames, bins, C] in place."""
        frames, _, channels = x.shape
        hidden = x.new_empty(frames, self.narrow.after, channels)
        measured = self.norm1.measure(x)
        for start, end in tiles(x):
            rows = x[start:end]
            self.narrow(self.norm1(rows, measured, torch.empty_like(rows)), hidden[start:end], add=False)
        measured = self.norm2.measure(hidden)
        for start, end in tiles(x):
            rows = hidden[start:end]
            self.wide(self.norm2(rows, measured, torch.empty_like(rows)), x[start:end], add=True)
        return x


class _Mix(nn.Module):
    """Every bin becomes a sum of all bins, the same for each channel and frame."""

    def __init__(self, weight: Tensor, half: torch.dtype | None) -> None:
        super().__init__()
        self.after = weight.shape[0]
        self.weight: Tensor | None
        self.register_buffer("weight", weight.detach() if half is None else None, persistent=False)
        # In 16 bits the products want the bins side by side: turned around, the rows are but half as long.
        self.turned = None if half is None else PackedLinear(weight, dtype=half)

    def forward(self, rows: Tensor, out: Tensor, *, add: bool) -> None:
        """[n, bins, C], written or added to `out` [n, bins after, C]."""
        if self.turned is not None:
            found = self.turned(rows.transpose(1, 2).to(self.turned.dtype, memory_format=torch.contiguous_format)).transpose(1, 2)
            out.add_(found) if add else out.copy_(found)
        else:
            assert self.weight is not None
            torch.baddbmm(out, self.weight.expand(len(rows), -1, -1), rows, beta=int(add), out=out)


class _Encoder(nn.Module):
    """A level on the way down: its picture, and the smaller one below."""

    def __init__(self, published: nn.Module, half: torch.dtype | None) -> None:
        super().__init__()
        self.body = _TfcTdf(published.get_submodule("tfc_tdf"), half)
        norm, act, convolution = published.get_submodule("downscale.conv").children()
        assert isinstance(convolution, nn.Conv2d)
        self.norm = Norm(norm, act)
        self.scale = convolution.kernel_size
        weight = convolution.weight.detach().permute(0, 2, 3, 1).flatten(1)  # [D, frame, bin, C]
        self.down = PackedLinear(weight)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[frames, bins, C] -> the same shape, and [frames below, bins below, D]."""
        x = self.body(x)
        measured = self.norm.measure(x)
        activated = self.norm(x, measured, torch.empty_like(x))
        return x, self.down(_folded(activated, *self.scale))


class _Decoder(nn.Module):
    """A level on the way up."""

    def __init__(self, published: nn.Module, half: torch.dtype | None) -> None:
        super().__init__()
        norm, act, convolution = published.get_submodule("upscale.conv").children()
        assert isinstance(convolution, nn.ConvTranspose2d)
        self.norm = Norm(norm, act)
        self.scale = convolution.kernel_size
        weight = convolution.weight.detach().permute(2, 3, 1, 0).flatten(0, 2)  # [frame bin D, C]
        self.up = PackedLinear(weight)
        self.body = _TfcTdf(published.get_submodule("tfc_tdf"), half)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[frames below, bins below, D], [frames, bins, C] -> [frames, bins, C]."""
        frames, bins = self.scale
        x = self.up(self.norm(x, self.norm.measure(x), torch.empty_like(x)))
        x = x.view(*x.shape[:2], frames, bins, -1).transpose(1, 2)  # [frames below, frame, bins below, bin, C]
        joined = skip.new_empty(*skip.shape[:2], 2 * skip.shape[2])
        joined[..., : skip.shape[2]].view(*x.shape).copy_(x)
        joined[..., skip.shape[2] :] = skip
        del x, skip
        found: Tensor = self.body(joined)
        return found


class _Last(nn.Module):
    """From the U-Net's answer, times what its first layer gave it, to the stems' spectra."""

    def __init__(self, published: Any, stems: int) -> None:
        super().__init__()
        before, self.act, after = published
        weight = before.weight.detach().flatten(1)
        parts = weight.shape[1] - weight.shape[0]
        self.mixture, self.found = PackedLinear(weight[:, :parts]), PackedLinear(weight[:, parts:])
        stemwise = after.weight.detach().flatten(1).chunk(stems)
        self.stems = nn.ModuleList([PackedLinear(rows) for rows in stemwise])

    def forward(self, spectrum: Tensor, x: Tensor, first: Tensor, stems: Sequence[int]) -> Tensor:
        """[frames, bins, parts], [frames, bins, C] twice -> [frames, bins, len(stems), parts]."""
        out = spectrum.new_empty(*spectrum.shape[:2], len(stems), spectrum.shape[2])
        for start, end in tiles(x):
            hidden = self.found(x[start:end] * first[start:end], self.mixture(spectrum[start:end]))
            activate_(hidden, self.act)
            for index, stem in enumerate(stems):
                out[start:end, :, index] = self.stems[stem](hidden)
        return out


def _pointwise(published: nn.Module) -> PackedLinear:
    """A convolution of 1 x 1."""
    assert isinstance(published, nn.Conv2d)
    return PackedLinear(published.weight.flatten(1))


def _convolution(published: Any, half: torch.dtype | None) -> Convolution:
    norm, act, convolution = published
    return Convolution(Norm(norm, act), convolution.weight, half)


def _folded(x: Tensor, frames: int, bins: int) -> Tensor:
    """[T, F, C] -> [T / frames, F / bins, frames bins C]: each rectangle becomes one place."""
    height, width = x.shape[0] // frames, x.shape[1] // bins
    x = x[: height * frames, : width * bins].reshape(height, frames, width, bins, -1)
    return x.transpose(1, 2).flatten(2)
