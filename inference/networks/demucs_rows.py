"""The convolutional layers of the Demucs family laid out for speed; `demucs_layers` has the published forms.

A branch is rows [R, W, C]: those of the spectrogram are its frequencies, each of W = T frames; those of the waveform are its samples,
of W = 1. Channels lie beside each other, so a convolution over one place is a matrix product. All strides are along the rows.

- Two rows of zeros lie before and after ("bordered"): no layer pads by a copy of its own.
- In the spectrogram's branch all that a layer does after its strided convolution is within a row, or its neighbours: rows are worked
  on in tiles, and what is between two layers' outputs never leaves the cache.
- A residual branch's second group norm costs no pass: it is of W h + b, where h has few channels, so its mean and variance follow from
  those of h, `var = tr(W cov(h) W^T) / D + var_c(W mean(h) + b)`, and its factors go into the product with two more columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.demucs_conv import PackedConv, square
from inference.networks.demucs_layers import DConv, Decoder, Encoder
from inference.networks.packed import PackedLinear

BORDER = 2
PLACES = 8192  # of one tile
"""How many rows times columns are worked on at once on a CPU: 3 MB of 96 channels."""


class RowsDConv(nn.Module):
    """As DConv without attention and LSTM, in place.

    Args:
        published: it, with its weights.
        dtype: of the first product; the second one carries norms, and stays in float32.
    """

    def __init__(self, published: DConv, dtype: torch.dtype) -> None:
        super().__init__()
        self.branches = nn.ModuleList([_Branch(list(layer.children()), dtype) for layer in published.layers])

    def forward(self, x: Tensor) -> Tensor:
        """[rows, T, C], each row for itself."""
        for branch in self.branches:
            x = branch(x)
        return x


class _Branch(nn.Module):
    def __init__(self, layers: Sequence[nn.Module], dtype: torch.dtype) -> None:
        super().__init__()
        first, norm1, _, second, norm2, _, scale = layers
        assert isinstance(first, nn.Conv1d)
        assert isinstance(norm1, nn.GroupNorm)
        assert isinstance(second, nn.Conv1d)
        assert isinstance(norm2, nn.GroupNorm)
        self.hidden, channels, _ = first.weight.shape
        self.dilation = int(first.dilation[0])
        self.eps1, self.eps2 = norm1.eps, norm2.eps
        # All three taps at once, shifted against each other afterwards: they have few channels.
        taps = first.weight.detach().permute(2, 0, 1).reshape(-1, channels).to(dtype)
        weight, bias = second.weight.detach()[:, :, 0], _bias(second)
        gain = norm2.weight.detach()
        columns = [gain[:, None] * weight, (gain * bias)[:, None], -gain[:, None], norm2.bias.detach()[:, None]]
        folded = torch.cat(columns, 1)
        folded[:channels] *= scale.get_parameter("scale").detach()[:, None]
        for name, value in {
            "taps": taps,
            "tap_bias": _bias(first)[:, None],
            "gain": norm1.weight.detach()[:, None],
            "shift": norm1.bias.detach()[:, None],
            "weight": weight,
            "bias": bias,
            "gram": weight.t() @ weight / len(weight),
            "out": folded.t().contiguous(),
        }.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[rows, T, C], in place."""
        h, out = self._inside(x).transpose(1, 2), self.get_buffer("out")
        for part in _parts(x.shape[1], x.device) if len(x) == 1 else [slice(None)]:
            x[:, part] += F.glu(torch.matmul(h[:, part], out), -1)
        return x

    def _inside(self, x: Tensor) -> Tensor:
        """[rows, T, C] -> [rows, hidden + 3, T]: what the second product takes. Places lie beside each other here."""
        rows, length, _ = x.shape
        hidden, far = self.hidden, self.dilation
        taps = self.get_buffer("taps")
        found = torch.matmul(taps, x.to(taps.dtype).transpose(1, 2))
        before, here, after = torch.split(found.float(), hidden, 1)
        h = here + self.get_buffer("tap_bias")
        h[..., far:] += before[..., :-far]
        h[..., :-far] += after[..., far:]
        h = F.layer_norm(h.view(rows, -1), (length * hidden,), eps=self.eps1).view(rows, hidden, length)
        h = F.gelu(torch.addcmul(self.get_buffer("shift"), h, self.get_buffer("gain")))
        mean = h.mean(2, keepdim=True)
        centred = h - mean
        spread = centred @ centred.transpose(1, 2) / length  # [rows, hidden, hidden]
        means = mean[..., 0] @ self.get_buffer("weight").t() + self.get_buffer("bias")  # of the product's channels
        variance = (spread * self.get_buffer("gram")).sum((1, 2)) + means.var(-1, unbiased=False)
        scale = (variance + self.eps2).rsqrt()
        extended = h.new_empty(rows, hidden + 3, length)
        torch.mul(h, scale[:, None, None], out=extended[:, :hidden])
        extended[:, hidden:] = torch.stack([scale, scale * means.mean(-1), torch.ones_like(scale)], -1)[..., None]
        return extended


class RowsEncoder(nn.Module):
    """As Encoder without norms: one that `fits` accepts.

    Args:
        published: it, with its weights.
        dtype: of its products and its output.
    """

    def __init__(self, published: Encoder, dtype: torch.dtype) -> None:
        super().__init__()
        self.freq, self.stride, self.kernel = published.shape.freq, published.shape.stride, published.shape.kernel
        weight = published.conv.get_parameter("weight").detach().flatten(2)  # [D, C, kernel]
        shaped = weight[..., None] if self.freq else weight[:, :, None]
        stride = (self.stride, 1) if self.freq else (1, self.stride)
        self.conv = PackedConv(shaped, _bias(published.conv), stride=stride, dtype=dtype)
        assert published.rewrite is not None
        self.dconv = RowsDConv(published.dconv, dtype) if isinstance(published.dconv, DConv) else None
        self.rewrite = PackedLinear(published.rewrite.get_parameter("weight").flatten(1), _bias(published.rewrite), dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """[2 + R + 2, W, C] -> [2 + R / stride + 2, W, D], R filled up with zeros."""
        missing = -(len(x) - 2 * BORDER) % self.stride
        x = F.pad(x, (0, 0, 0, 0, 0, missing)) if missing else x
        rows = (len(x) - self.kernel) // self.stride + 1
        out = bordered(x, rows, x.shape[1], self.rewrite.out_features // 2, self.rewrite.dtype)
        for tile in _tiles(rows, x.shape[1], x.device) if self.freq else [slice(0, rows)]:
            y = self._down(x, tile)
            if self.dconv is not None:
                y = self.dconv(y if self.freq else y.view(1, rows, -1)).view_as(y)
            for part in _parts(y.shape[0] * y.shape[1], y.device):
                target = out[BORDER:-BORDER][tile].view(-1, out.shape[-1])
                target[part] = F.glu(self.rewrite(y.view(-1, y.shape[-1])[part]), -1)
        return out

    def _down(self, x: Tensor, tile: slice) -> Tensor:
        """These rows of the strided convolution, [rows, W, D]."""
        if self.freq:
            found: Tensor = self.conv(x[tile.start * self.stride : (tile.stop - 1) * self.stride + self.kernel])
        else:
            found = self.conv(x.transpose(0, 1)).transpose(0, 1)
        return F.gelu(found)


class RowsDecoder(nn.Module):
    """As Decoder without norms: one that `fits` accepts.

    Args:
        published: it, with its weights.
        dtype: of its products and its output.
        parts: where it is the last one, how many stems its output has.
    """

    def __init__(self, published: Decoder, dtype: torch.dtype, parts: int = 1) -> None:
        super().__init__()
        self.freq, self.last, self.dtype = published.shape.freq, published.last, dtype
        assert published.rewrite is not None
        weight = published.rewrite.get_parameter("weight").detach()
        size = weight.shape[-1]
        shaped = weight if self.freq else weight[:, :, None]
        self.rows_around = weight.shape[2] // 2 if self.freq else 0
        around, bias = size // 2, _bias(published.rewrite)
        plain = not self.freq or around != 1
        self.rewrite = PackedConv(shaped, bias, columns=around, dtype=dtype) if plain else square(shaped, bias, dtype)
        self.reach = around
        self.dconv = RowsDConv(published.dconv, dtype) if isinstance(published.dconv, DConv) else None
        self.up = _Up(published.conv_tr.get_parameter("weight").flatten(2), _bias(published.conv_tr), dtype, parts)

    def forward(self, x: Tensor | None, skip: Tensor, length: int, stems: Sequence[int] = (0,)) -> Tensor:
        """[2 + R + 2, W, C] -> [2 + length + 2, W, len(stems) * D]; both arguments are bordered, and None is zero."""
        rows, width = len(skip) - 2 * BORDER, skip.shape[1]
        self.up.choose(stems)
        # In rows of the output from the first border on: the transposed convolution's own numbers.
        out = skip.new_empty(4 * rows + 2 * BORDER, width, self.up.out_features, dtype=torch.float32 if self.last else self.dtype)
        above = skip.new_zeros(1, width, skip.shape[2], dtype=self.dtype)
        for tile in _tiles(rows, width, skip.device) if self.freq else [slice(0, rows)]:
            y = self._gated(x, skip, tile)
            if self.dconv is not None:
                y = self.dconv(y if self.freq else y.view(1, rows, -1)).view_as(y)
            for part in _tiles(len(y), width, y.device):
                below = y[part]
                self._write(out, tile.start + part.start, below, torch.cat([above, below[:-1]]))
                above = below[-1:]
        self._write(out, rows, None, above)
        out = out[: 2 * BORDER + (4 * rows if self.freq else length)]
        out[:BORDER] = 0
        out[-BORDER:] = 0
        return out

    def _gated(self, x: Tensor | None, skip: Tensor, tile: slice) -> Tensor:
        around = slice(tile.start + BORDER - self.rows_around, tile.stop + BORDER + self.rows_around)
        summed = skip[around] if x is None else x[around] + skip[around]
        if self.freq:
            return F.glu(self.rewrite(summed), -1)
        # Tiles of samples, with a neighbour on each side that the convolution's own zeros stand in for at the ends.
        found = torch.empty_like(summed)
        reach = self.reach
        for part in _parts(len(summed), summed.device):
            start, stop = max(part.start - reach, 0), min(part.stop + reach, len(summed))
            gated = F.glu(self.rewrite(summed[start:stop].transpose(0, 1)), -1).transpose(0, 1)
            found[part] = gated[part.start - start : part.stop - start]
        return found

    def _write(self, out: Tensor, start: int, here: Tensor | None, above: Tensor) -> None:
        """Four rows of the output for each row, from it and from the row above."""
        found = self.up(here, above)
        if not self.last:
            found = F.gelu(found)
        rows, width = found.shape[:2]
        target = out[4 * start : 4 * (start + rows)].view(rows, -1, width, self.up.out_features)
        target.copy_(found.view(rows, width, -1, self.up.out_features).transpose(1, 2)[:, : target.shape[1]])


class _Up(nn.Module):
    """A transposed convolution of kernel 8 and stride 4: `y[4 i + j] = x[i] w[j] + x[i - 1] w[j + 4]`."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, parts: int) -> None:
        super().__init__()
        self.dtype = dtype
        self.parts = parts
        self.register_buffer("weight", weight.detach(), persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.chosen: tuple[int, ...] | None = None

    def choose(self, stems: Sequence[int]) -> None:
        """From now on it computes the channels of these stems only."""
        if self.chosen == tuple(stems):
            return
        self.chosen = tuple(stems)
        weight, bias = self.get_buffer("weight"), self.get_buffer("bias")
        channels = torch.arange(len(bias), device=bias.device).view(self.parts, -1)[list(stems)].flatten()
        taps = weight[:, channels].permute(2, 1, 0)  # [8, D, C]
        self.out_features = len(channels)
        self.here = PackedLinear(taps[:4].flatten(0, 1), bias[channels].repeat(4), dtype=self.dtype)
        self.above = PackedLinear(taps[4:].flatten(0, 1), dtype=self.dtype)
        self.register_buffer("alone", bias[channels].repeat(4).to(self.dtype), persistent=False)

    def forward(self, here: Tensor | None, above: Tensor) -> Tensor:
        """Rows [n, W, C] and those above them -> [n, W, 4 * D]."""
        before: Tensor = self.above(above)
        if here is None:
            return before + self.get_buffer("alone")
        found: Tensor = self.here(here, before)
        return found


def fits(layer: nn.Module) -> bool:
    """Whether an encoder or a decoder can be laid out in rows; the few others of published networks are small."""
    if not isinstance(layer, Encoder | Decoder) or layer.empty or layer.rewrite is None or layer.shape.groups:
        return False
    if (layer.shape.kernel, layer.shape.stride, layer.shape.pad) != (8, 4, BORDER):
        return False
    size = tuple(layer.rewrite.get_parameter("weight").shape[2:])
    if isinstance(layer, Encoder) and any(length > 1 for length in size):
        return False
    if size[0] // 2 > BORDER:
        return False
    return not isinstance(layer.dconv, DConv) or all(len(list(branch.children())) == 7 for branch in layer.dconv.layers)


def bordered(like: Tensor, rows: int, width: int, channels: int, dtype: torch.dtype) -> Tensor:
    """Room for rows, with zeros around: [2 + rows + 2, width, channels]."""
    made = torch.empty(rows + 2 * BORDER, width, channels, dtype=dtype, device=like.device)
    made[:BORDER] = 0
    made[-BORDER:] = 0
    return made


def _bias(layer: nn.Module) -> Tensor:
    return layer.get_parameter("bias").detach()


def _tiles(rows: int, width: int, device: torch.device) -> Iterator[slice]:
    """Rows in tiles of about PLACES places; elsewhere than on a CPU all at once."""
    step = rows if device.type != "cpu" else max(PLACES // width // 4, 1) * 4
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _parts(places: int, device: torch.device) -> Iterator[slice]:
    return _tiles(places, 1, device)
