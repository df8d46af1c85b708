"""The layers of the Demucs family, as published: their names and numbers are those of the checkpoints.

Défossez, "Hybrid Spectrogram and Waveform Source Separation", 2021 (HDemucs); Rouard et al., "Hybrid Transformers for Music
Source Separation", 2022 (HTDemucs). A layer of the spectrogram's branch has tensors [B, C, F, T] and strides along F; one of the
waveform's branch has [B, C, T] and strides along T.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LSTM_FRAMES = 200  # of one run of an LSTM; longer inputs are cut into such pieces, which overlap by half


class LayerScale(nn.Module):
    """A factor for each channel, small at first: it switches a residual branch on slowly.

    Args:
        channels: C.
        init: the first value of all factors.
        last: whether channels are the last dimension, instead of the second of three.
    """

    def __init__(self, channels: int, init: float, *, last: bool = False) -> None:
        super().__init__()
        self.last = last
        self.scale = nn.Parameter(torch.full((channels,), init))

    def forward(self, x: Tensor) -> Tensor:
        """[..., C] or [B, C, T] -> the same shape."""
        return self.scale * x if self.last else self.scale[:, None] * x


class ScaledEmbedding(nn.Module):
    """A vector for each index, `scale` times what is stored, so that it learns faster."""

    def __init__(self, count: int, channels: int, scale: float = 10.0, *, smooth: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, channels)
        self.scale = scale
        with torch.no_grad():
            if smooth:  # a random walk, slowed down to unit variance: neighbours are alike
                steps = torch.arange(1, count + 1, device=self.embedding.weight.device).sqrt()[:, None]
                self.embedding.weight.copy_(self.embedding.weight.cumsum(0) / steps)
            self.embedding.weight /= scale

    def forward(self, indices: Tensor) -> Tensor:
        """[n] -> [n, channels]."""
        found: Tensor = self.embedding(indices)
        return found * self.scale


class BLSTM(nn.Module):
    """A residual LSTM in both directions over [B, C, T]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, channels, num_layers=2, bidirectional=True)
        self.linear = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> the same shape."""
        batch, channels, length = x.shape
        if length <= LSTM_FRAMES:
            return x + self._run(x)
        step = LSTM_FRAMES // 2
        count = -(-length // step)
        pieces = F.pad(x, (0, (count - 1) * step + LSTM_FRAMES - length)).unfold(-1, LSTM_FRAMES, step)
        found = self._run(pieces.permute(0, 2, 1, 3).reshape(batch * count, channels, LSTM_FRAMES))
        return x + self._joined(found.view(batch, count, channels, LSTM_FRAMES))[..., :length]

    def _run(self, x: Tensor) -> Tensor:
        found, _ = self.lstm(x.permute(2, 0, 1))
        projected: Tensor = self.linear(found)
        return projected.permute(1, 2, 0)

    @staticmethod
    def _joined(pieces: Tensor) -> Tensor:
        """[B, n, C, frames] -> [B, C, T]: of each piece its middle half, of the outer ones also their ends."""
        cut = LSTM_FRAMES // 4
        first, *middle, last = pieces.unbind(1)
        return torch.cat([first[..., :-cut], *(piece[..., cut:-cut] for piece in middle), last[..., cut:]], -1)


class LocalState(nn.Module):
    """Residual attention over [B, C, T] that prefers neighbours: each query chooses how fast its weights decay with distance."""

    def __init__(self, channels: int, heads: int = 4, decays: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.decays = decays
        self.content = nn.Conv1d(channels, channels, 1)
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1)
        self.query_decay = nn.Conv1d(channels, heads * decays, 1)
        with torch.no_grad():
            self.query_decay.weight *= 0.01
            self.query_decay.bias.fill_(-2)  # type: ignore[union-attr]
        self.proj = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> the same shape."""
        batch, channels, length = x.shape
        queries, keys, content = (part(x).view(batch, self.heads, -1, length) for part in (self.query, self.key, self.content))
        scores = queries.transpose(2, 3) @ keys / math.sqrt(channels // self.heads)  # [B, heads, query, key]
        rate = (self.query_decay(x).view(batch, self.heads, self.decays, length).sigmoid() / 2).transpose(2, 3)
        rate = rate @ torch.arange(1, self.decays + 1, device=x.device, dtype=x.dtype) / math.sqrt(self.decays)
        places = torch.arange(length, device=x.device)
        distance = (places[:, None] - places).abs()
        scores = scores - rate[..., None] * distance
        weights = scores.masked_fill(distance == 0, -100).softmax(-1)  # nothing learns from itself
        found = content @ weights.transpose(2, 3)
        projected: Tensor = self.proj(found.reshape(batch, channels, length))
        return x + projected


class DConv(nn.Module):
    """Residual branches of dilated convolutions over [B, C, T].

    Args:
        channels: C.
        compress: C by the channels inside.
        depth: branches; each one's dilation is twice that of the one before.
        init: of their scales.
        attn: whether each has a LocalState.
        lstm: whether each has a BLSTM.
    """

    def __init__(self, channels: int, compress: float, depth: int, init: float, *, attn: bool = False, lstm: bool = False) -> None:
        super().__init__()
        hidden = int(channels / compress)
        self.layers = nn.ModuleList()
        for level in range(depth):
            dilation = 2**level
            layers: list[nn.Module] = [
                nn.Conv1d(channels, hidden, 3, dilation=dilation, padding=dilation),
                nn.GroupNorm(1, hidden),
                nn.GELU(),
            ]
            if lstm:
                layers.append(BLSTM(hidden))
            if attn:
                layers.append(LocalState(hidden))
            layers += [nn.Conv1d(hidden, 2 * channels, 1), nn.GroupNorm(1, 2 * channels), nn.GLU(1), LayerScale(channels, init)]
            self.layers.append(nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> the same shape."""
        for layer in self.layers:
            x = x + layer(x)
        return x


class Shape:
    """How a layer's convolutions lie: what an encoder and the decoder opposite to it share.

    Args:
        freq: whether it is of the spectrogram's branch, and strides along frequencies.
        kernel: of the strided convolution.
        stride: of it.
        pad: whether a quarter of the kernel is added (cropped, in a decoder) at both ends.
        groups: of its group norms; 0 without norms.
    """

    def __init__(self, *, freq: bool, kernel: int, stride: int, pad: bool, groups: int) -> None:
        self.freq = freq
        self.kernel = kernel
        self.stride = stride
        self.pad = kernel // 4 if pad else 0
        self.groups = groups

    def norm(self, channels: int) -> nn.Module:
        """A group norm, where the layer has norms."""
        return nn.GroupNorm(self.groups, channels) if self.groups else nn.Identity()

    def rewrite(self, channels: int, context: int, *, context_freq: bool = True) -> nn.Module:
        """The gated convolution: twice the channels, one half opens and closes the other."""
        size = 1 + 2 * context
        if not self.freq:
            return nn.Conv1d(channels, 2 * channels, size, padding=context)
        if context_freq:
            return nn.Conv2d(channels, 2 * channels, size, padding=context)
        return nn.Conv2d(channels, 2 * channels, (1, size), padding=(0, context))


class Encoder(nn.Module):
    """A layer down: a strided convolution, residual branches, a gated convolution.

    Args:
        before: channels of its input.
        after: channels of its output.
        shape: of its convolutions.
        dconv: its residual branches, if any.
        rewrite: whether it has a gated convolution.
        context: neighbours that this one sees.
        empty: it is the strided convolution only.
    """

    def __init__(
        self, before: int, after: int, shape: Shape, *, dconv: nn.Module | None, rewrite: bool, context: int, empty: bool = False
    ) -> None:
        super().__init__()
        self.shape = shape
        self.empty = empty
        if shape.freq:
            self.conv: nn.Module = nn.Conv2d(before, after, (shape.kernel, 1), (shape.stride, 1), (shape.pad, 0))
        else:
            self.conv = nn.Conv1d(before, after, shape.kernel, shape.stride, shape.pad)
        self.rewrite: nn.Module | None = None
        self.dconv: nn.Module | None = None
        if empty:
            return
        self.norm1 = shape.norm(after)
        if rewrite:
            self.rewrite = shape.rewrite(after, context)
            self.norm2 = shape.norm(2 * after)
        self.dconv = dconv

    def forward(self, x: Tensor, inject: Tensor | None = None) -> Tensor:
        """[B, C, F, T] or [B, C, T] -> its output.

        Args:
            x: where all frequencies were joined by the layer above, a layer without frequencies may get them as one.
            inject: the waveform's branch [B, C, T], where it ends: it is added.
        """
        if not self.shape.freq:
            x = x.flatten(1, 2) if x.dim() == 4 else x
            x = F.pad(x, (0, -x.shape[-1] % self.shape.stride))
        y: Tensor = self.conv(x)
        if self.empty:
            return y
        if inject is not None:
            y = y + (inject[:, :, None] if inject.dim() < y.dim() else inject)
        y = F.gelu(self.norm1(y))
        if self.dconv is not None:
            y = by_rows(self.dconv, y)
        return y if self.rewrite is None else F.glu(self.norm2(self.rewrite(y)), 1)


class Decoder(nn.Module):
    """A layer up, opposite to an Encoder: a gated convolution, residual branches, a transposed convolution.

    Args:
        before: channels of its input.
        after: channels of its output.
        shape: of its convolutions.
        dconv: its residual branches, if any.
        rewrite: whether it has a gated convolution.
        context: neighbours that this one sees.
        context_freq: whether it sees those along frequencies too.
        last: no activation follows.
        empty: it is the transposed convolution only.
    """

    def __init__(
        self,
        before: int,
        after: int,
        shape: Shape,
        *,
        dconv: nn.Module | None,
        rewrite: bool,
        context: int,
        context_freq: bool = True,
        last: bool = False,
        empty: bool = False,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.before = before
        self.last = last
        self.empty = empty
        if shape.freq:
            self.conv_tr: nn.Module = nn.ConvTranspose2d(before, after, (shape.kernel, 1), (shape.stride, 1))
        else:
            self.conv_tr = nn.ConvTranspose1d(before, after, shape.kernel, shape.stride)
        self.norm2 = shape.norm(after)
        self.rewrite: nn.Module | None = None
        self.dconv: nn.Module | None = None
        if empty:
            return
        if rewrite:
            self.rewrite = shape.rewrite(before, context, context_freq=context_freq)
            self.norm1 = shape.norm(2 * before)
        self.dconv = dconv

    def forward(self, x: Tensor, skip: Tensor | None, length: int) -> tuple[Tensor, Tensor]:
        """Its output, and what went into the transposed convolution.

        Args:
            x: [B, C, F, T] or [B, C, T].
            skip: the output of the encoder opposite, added to `x`.
            length: T of the output, without frequencies.
        """
        if self.shape.freq and x.dim() == 3:
            x = x.view(x.shape[0], self.before, -1, x.shape[-1])
        y = x if skip is None else x + skip
        if self.rewrite is not None:
            y = F.glu(self.norm1(self.rewrite(y)), 1)
        if self.dconv is not None:
            y = by_rows(self.dconv, y)
        z: Tensor = self.norm2(self.conv_tr(y))
        pad = self.shape.pad
        if not self.shape.freq:
            z = z[..., pad : pad + length]
        elif pad:
            z = z[..., pad:-pad, :]
        return (z if self.last else F.gelu(z)), y


def by_rows(dconv: nn.Module, x: Tensor) -> Tensor:
    """Residual branches see each frequency as a song of its own."""
    if x.dim() == 3:
        found: Tensor = dconv(x)
        return found
    batch, channels, rows, length = x.shape
    found = dconv(x.transpose(1, 2).reshape(-1, channels, length))
    return found.view(batch, rows, channels, length).transpose(1, 2)
