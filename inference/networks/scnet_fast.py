"""SCNet once more, laid out for speed; `scnet.ScNet` and its kin have the published form.

It is made from a published network and answers the same to within 100 dB. What differs:

- A picture is [bins, frames, channels], each chunk of a batch on its own. That is how the recurrent networks along frequency read
  it, how convolutions and linears like it best, and a bin, which the encoder normalises by itself, is one piece of memory.
- The decoder's fusion reads the same picture twice, `W1 x + W2 x`: here once, `(W1 + W2) x`, half the work.
- Of the last layer only those channels are computed, and only those inverse transforms, that the stems asked for need.

The recurrent networks are oneDNN's, as torch calls them: an own loop over packed products was no faster.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.inverse import real_ends_
from inference.networks.mdx23c_conv import grouped, moments
from inference.networks.packed import PackedLinear
from inference.networks.scnet_layers import Band, DualPath, borders

GATES = 7 << 20  # numbers: gates of all steps together; measured, with 128 channels 1.15 to 1.4 times as fast as all at once


class FastNet(nn.Module):
    """As `scnet.ScNet`, under `torch.inference_mode` only.

    Args:
        published: the network with its weights, in eval mode. It is not changed.
        half: type of the products, None for float32.
    """

    def __init__(self, published: Any, half: torch.dtype | None) -> None:
        super().__init__()
        dtype = half or torch.float32
        self.waves = published.waves
        self.offsets = published.offsets
        self.encoder = nn.ModuleList([_Encoder(level, dtype) for level in published.encoder])
        modules = published.separation_net.dp_modules
        self.paths = nn.ModuleList([_Paths(module, dtype) if isinstance(module, DualPath) else _Plain(module) for module in modules])
        last = len(published.decoder) - 1
        count = len(published.stems)
        mask = published.mask_layer
        whole = mask is not None  # the mask layer reads the channels of all stems
        parts = [1 if whole or index < last else count for index in range(last + 1)]
        self.decoder = nn.ModuleList([_Decoder(level, dtype, n) for level, n in zip(published.decoder, parts, strict=True)])
        self.mask = _Mask(mask, count, dtype) if whole else None

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        """[B, C, T] -> [B, len(stems), C, T]."""
        return torch.cat([self._one(song[None], list(stems)) for song in mixture])

    def _one(self, mixture: Tensor, stems: list[int]) -> Tensor:
        spectrum = self.waves.stft(mixture)[0].permute(1, 2, 0).contiguous()  # [bins, frames, parts]
        x = spectrum if self.offsets is None else spectrum + self.offsets[0].permute(1, 2, 0)
        skips = []
        for encoder in self.encoder:
            bins = x.shape[0]
            x, skip, lengths = encoder(x)
            skips.append((skip, lengths, bins))
        x = self._separated(x)
        for index, decoder in enumerate(self.decoder):
            chosen = stems if self.mask is None and index == len(self.decoder) - 1 else [0]
            x = decoder(x, *skips.pop(), chosen)
        if self.mask is not None:
            x = self.mask(x, spectrum, stems)
        found: Tensor = self.waves.istft(torch.unflatten(x, 2, (len(stems), -1)).permute(2, 3, 0, 1)[None], mixture.shape[-1])
        return found

    def _separated(self, x: Tensor) -> Tensor:
        """[bins, frames, C] -> the same shape, in turn as a picture and as its Fourier transform along time."""
        for index, module in enumerate(self.paths):
            x = module(x)  # [frames, bins, C]
            if index % 2:
                half = x.shape[2] // 2
                x = torch.fft.irfft(real_ends_(torch.complex(x[..., :half], x[..., half:]), 0), dim=0, norm="ortho")
                x = x.transpose(0, 1).contiguous()
            else:
                spectrum = torch.fft.rfft(x, dim=0, norm="ortho").transpose(0, 1)
                x = torch.cat([spectrum.real, spectrum.imag], 2)
        return x


class _Convolution(nn.Module):
    """A convolution over [bins, frames, C]."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype, **options: Any) -> None:
        super().__init__()
        self.options = options
        self.weight: Tensor
        self.bias: Tensor | None
        weight = weight.detach().to(dtype).contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", None if bias is None else bias.detach().to(dtype), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[bins, frames, C] -> float32 [bins after, frames, D]."""
        picture = x.to(self.weight.dtype).permute(2, 0, 1)[None]
        return F.conv2d(picture, self.weight, self.bias, **self.options)[0].permute(1, 2, 0).float()


class _Growth(nn.Module):
    """A transposed convolution along frequency for one band, cut to the band's own bins; the answer's channels by stems."""

    def __init__(self, published: nn.ConvTranspose2d, stems: int, dtype: torch.dtype) -> None:
        super().__init__()
        assert published.bias is not None
        self.kernel, self.stride = published.kernel_size[0], published.stride[0]
        self.bias: Tensor
        self.register_buffer("bias", torch.stack(published.bias.detach().chunk(stems)), persistent=False)
        stemwise = published.weight.detach().squeeze(3).chunk(stems, 1)  # [C, D, kernel] each
        self.products = nn.ModuleList([PackedLinear(part.permute(2, 1, 0).flatten(0, 1), dtype=dtype) for part in stemwise])

    def forward(self, x: Tensor, bins: int, stems: Sequence[int]) -> Tensor:
        """[fewer bins, frames, C] -> [bins, frames, len(stems) D]."""
        return torch.cat([self._one(x, bins, stem) for stem in stems], 2)

    def _one(self, x: Tensor, bins: int, stem: int) -> Tensor:
        rows, frames, _ = x.shape
        taps = self.products[stem](x).float().view(rows, frames, self.kernel, -1)  # what each bin adds to `kernel` bins
        length = (rows - 1) * self.stride + self.kernel
        if self.kernel == self.stride:
            grown = taps.transpose(1, 2).reshape(length, frames, -1)
        else:
            grown = taps.new_zeros(length, frames, taps.shape[-1])
            for tap in range(self.kernel):
                grown[tap : tap + (rows - 1) * self.stride + 1 : self.stride] += taps[:, :, tap]
        first = abs(bins - length) // 2
        found: Tensor = grown[first : first + bins] + self.bias[stem]
        return found


class _Gated(nn.Module):
    """A layer of the encoder's convolutions along time, with its way around."""

    def __init__(self, published: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.norm1, first, _, second, self.norm2, _, last = published
        padding = (0, first.padding[0])
        self.first = _Convolution(first.weight.unsqueeze(2), first.bias, dtype, padding=padding)
        self.second = _Convolution(second.weight.unsqueeze(2), second.bias, torch.float32, padding=padding, groups=second.groups)
        self.last = PackedLinear(last.weight.flatten(1), last.bias, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """[bins, frames, C] -> the same shape."""
        hidden = F.glu(self.first(_binwise(x, self.norm1)), 2)
        hidden = _binwise(self.second(hidden), self.norm2)
        found: Tensor = self.last(F.silu(hidden, inplace=True), x)
        return found


class _Encoder(nn.Module):
    """Compression, convolutions along time in each band, and one over the whole."""

    def __init__(self, published: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.bands: list[Band] = published.SDlayer.bands
        self.compress = nn.ModuleList([_Convolution(one.weight, one.bias, dtype, stride=one.stride) for one in published.SDlayer.convs])
        self.gated = nn.ModuleList([nn.Sequential(*(_Gated(layer, dtype) for layer in one.layers)) for one in published.conv_modules])
        whole = published.globalconv
        self.whole = _Convolution(whole.weight, whole.bias, dtype, padding=whole.padding)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, list[int]]:
        """[bins, frames, C] -> the answer and the skip, [fewer bins, frames, D], and the bins of each band."""
        edges, found = borders(self.bands, x.shape[0]), []
        for band, compress, gated, (start, end) in zip(self.bands, self.compress, self.gated, pairwise(edges), strict=True):
            padding = band.padding(end - start)
            part = F.pad(x[start:end], (0, 0, 0, 0, padding // 2, padding - padding // 2))
            found.append(F.gelu(gated(compress(part))))
        skip = torch.cat(found)
        return self.whole(skip), skip, [len(part) for part in found]


class _Decoder(nn.Module):
    """Fusion and expansion."""

    def __init__(self, published: Any, dtype: torch.dtype, stems: int) -> None:
        super().__init__()
        fusion, expansion = published
        once, again = fusion.conv.weight.detach().chunk(2, 1)
        self.fusion = _Convolution(once + again, fusion.conv.bias, dtype, padding=1)
        self.bands: list[Band] = expansion.bands
        self.growths = nn.ModuleList([_Growth(one, stems, dtype) for one in expansion.convtrs])

    def forward(self, x: Tensor, skip: Tensor, lengths: list[int], bins: int, stems: Sequence[int]) -> Tensor:
        """[fewer bins, frames, C] twice -> [bins, frames, len(stems) D]."""
        x = F.glu(self.fusion(x + skip), 2)
        bands = zip(torch.split(x, lengths), self.growths, pairwise(borders(self.bands, bins)), strict=True)
        return torch.cat([growth(part, end - start, stems) for part, growth, (start, end) in bands])


class _Paths(nn.Module):
    """Recurrent networks along frequency and along time."""

    def __init__(self, published: DualPath, dtype: torch.dtype) -> None:
        super().__init__()
        self.norms = published.norm_layers
        self.dtype = dtype
        lstms = published.lstm_layers
        self.lstms = lstms if dtype == torch.float32 else copy.deepcopy(lstms).to(dtype)
        self.linears = nn.ModuleList([PackedLinear(one.weight, one.bias, dtype=dtype) for one in published.linear_layers.children()])  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[bins, frames, C] -> [frames, bins, C]."""
        x = self._along(x, 0).transpose(0, 1).contiguous()
        return self._along(x, 1)

    def _along(self, x: Tensor, index: int) -> Tensor:
        """The network along the first axis, with its way around."""
        normed = _whole(x, self.norms[index]).to(self.dtype)
        summed: Tensor = self.linears[index](_recurrent(self.lstms[index], normed), x)
        return summed


class _Plain(nn.Module):
    """A published block, between the two ways of lying in memory."""

    def __init__(self, published: nn.Module) -> None:
        super().__init__()
        self.published = published

    def forward(self, x: Tensor) -> Tensor:
        """[bins, frames, C] -> [frames, bins, C]."""
        found: Tensor = self.published(x.permute(2, 0, 1)[None])[0]
        return found.permute(2, 1, 0).contiguous()


class _Mask(nn.Module):
    """The mask layer: complex masks of the asked stems on the mixture's spectrum."""

    def __init__(self, published: Any, stems: int, dtype: torch.dtype) -> None:
        super().__init__()
        before, _, after = published
        self.before = _Convolution(before.weight, before.bias, dtype, padding=before.padding)
        rows = zip(after.weight.detach().flatten(1).chunk(stems), after.bias.detach().chunk(stems), strict=True)
        self.stems = nn.ModuleList([PackedLinear(weight, bias, activation="tanh") for weight, bias in rows])

    def forward(self, x: Tensor, spectrum: Tensor, stems: Sequence[int]) -> Tensor:
        """[bins, frames, all channels], [bins, frames, parts] -> [bins, frames, len(stems) parts]."""
        hidden = F.gelu(self.before(x))
        mixture = torch.view_as_complex(torch.unflatten(spectrum, 2, (-1, 2)))
        masks = [torch.view_as_complex(torch.unflatten(self.stems[stem](hidden), 2, (-1, 2))) for stem in stems]
        return torch.cat([torch.view_as_real(mask * mixture).flatten(2) for mask in masks], 2)


def _recurrent(lstm: nn.Module, x: Tensor) -> Tensor:
    """[steps, sequences, C] -> [steps, sequences, 2 hidden], on a CPU as many sequences at once as have their gates in its cache."""
    steps, sequences, _ = x.shape
    assert isinstance(lstm, nn.LSTM)
    most = max(GATES // (4 * lstm.hidden_size * steps), 16) if x.device.type == "cpu" else sequences
    pieces = -(-sequences // most)
    found = x.new_empty(steps, sequences, 2 * lstm.hidden_size)
    for part, out in zip(x.tensor_split(pieces, 1), found.tensor_split(pieces, 1), strict=True):
        answer, _ = lstm(part.transpose(0, 1))  # it wants the batch first, and turns that back
        out.copy_(answer.transpose(0, 1))
    return found


def _binwise(x: Tensor, norm: Any) -> Tensor:
    """A group norm of one group for each bin of [bins, frames, C]."""
    shape = x.shape[1:]
    return F.layer_norm(x, shape, norm.weight.expand(shape).contiguous(), norm.bias.expand(shape).contiguous(), norm.eps)


def _whole(x: Tensor, norm: Any) -> Tensor:
    """A group norm of one group over all of [bins, frames, C]."""
    mean, variance = grouped(*moments(x), 1)
    scale = norm.weight / (variance + norm.eps).sqrt()
    return torch.addcmul((norm.bias - mean * scale).float(), x, scale.float())
