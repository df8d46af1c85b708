"""The transformer of HTDemucs across the branches of spectrogram and waveform, as published.

Rouard et al., "Hybrid Transformers for Music Source Separation", 2022. Layers of self-attention in each branch and layers where
each branch listens to the other take turns.
"""

from __future__ import annotations

import math
import random

import torch
from torch import Tensor, nn

from inference.networks.demucs_layers import LayerScale, ScaledEmbedding
from inference.networks.demucs_options import TransformerOptions


class TokenGroupNorm(nn.GroupNorm):
    """A group norm of tokens [B, T, C]: over the time too."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] -> the same shape."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class Layer(nn.Module):
    """Attention, then two linear layers, each residual.

    Args:
        channels: C.
        options: of the transformer.
        cross: whether it listens to other tokens instead of its own.
    """

    def __init__(self, channels: int, options: TransformerOptions, *, cross: bool) -> None:
        super().__init__()
        self.norm_first = options.norm_first
        attention = nn.MultiheadAttention(channels, options.heads, dropout=options.dropout, batch_first=True)
        if cross:
            self.cross_attn = attention
        else:
            self.self_attn = attention
        hidden = int(channels * options.hidden_scale)
        self.linear1 = nn.Linear(channels, hidden)
        self.linear2 = nn.Linear(hidden, channels)
        self.dropout = nn.Dropout(options.dropout)
        self.activation = nn.GELU() if options.gelu else nn.ReLU()
        self.norm1 = self._norm(channels, options)
        self.norm2 = self._norm(channels, options)
        if cross:
            self.norm3 = self._norm(channels, options)
        self.norm_out: nn.Module | None = None
        if options.norm_first and options.norm_out % 2:  # as published: an even number means none
            self.norm_out = TokenGroupNorm(int(options.norm_out), channels)
        self.gamma_1 = LayerScale(channels, 1e-4, last=True) if options.layer_scale else nn.Identity()
        self.gamma_2 = LayerScale(channels, 1e-4, last=True) if options.layer_scale else nn.Identity()

    @property
    def cross(self) -> bool:
        """Whether it listens to other tokens."""
        return hasattr(self, "cross_attn")

    @property
    def attention(self) -> nn.MultiheadAttention:
        """Its attention, whatever its name."""
        return self.cross_attn if self.cross else self.self_attn

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """[B, T, C] -> the same shape; `other` [B, U, C] is what a cross layer listens to."""
        if self.norm_first:
            heard = self.norm1(x) if other is None else self.norm2(other)
            x = x + self.gamma_1(self._attend(self.norm1(x), heard))
            x = x + self.gamma_2(self._feed((self.norm2 if other is None else self.norm3)(x)))
            return x if self.norm_out is None else self.norm_out(x)
        x = self.norm1(x + self.gamma_1(self._attend(x, x if other is None else other)))
        normed: Tensor = self.norm2(x + self.gamma_2(self._feed(x)))
        return normed

    def _attend(self, x: Tensor, heard: Tensor) -> Tensor:
        found: Tensor = self.attention(x, heard, heard, need_weights=False)[0]
        dropped: Tensor = self.dropout(found)
        return dropped

    def _feed(self, x: Tensor) -> Tensor:
        fed: Tensor = self.dropout(self.linear2(self.dropout(self.activation(self.linear1(x)))))
        return fed

    @staticmethod
    def _norm(channels: int, options: TransformerOptions) -> nn.Module:
        return TokenGroupNorm(int(options.group_norm), channels) if options.group_norm else nn.LayerNorm(channels)


class CrossTransformer(nn.Module):
    """The spectrogram [B, C, F, T] and the waveform [B, C, U] -> the same shapes.

    Args:
        channels: C.
        options: of its layers.
    """

    def __init__(self, channels: int, options: TransformerOptions) -> None:
        super().__init__()
        self.options = options
        if options.emb == "scaled":
            self.position_embeddings = ScaledEmbedding(options.max_positions, channels, 3.0)
        self.norm_in = self._norm_in(channels)
        self.norm_in_t = self._norm_in(channels)
        self.layers = nn.ModuleList()
        self.layers_t = nn.ModuleList()
        for index in range(options.layers):
            cross = index % 2 != int(options.cross_first)
            self.layers.append(Layer(channels, options, cross=cross))
            self.layers_t.append(Layer(channels, options, cross=cross))

    def forward(self, x: Tensor, xt: Tensor) -> tuple[Tensor, Tensor]:
        """Both branches -> both branches."""
        batch, channels, rows, length = x.shape
        weight = self.options.weight_pos_embed
        places = plane_embedding(channels, rows, length, self.options.max_period, x.device)
        x = self.norm_in(x.permute(0, 3, 2, 1).flatten(1, 2)) + weight * places
        xt = self.norm_in_t(xt.transpose(1, 2)) + weight * self.time_places(xt.shape[-1], channels, batch, xt.device)
        for layer, layer_t in zip(self.layers, self.layers_t, strict=True):
            x, xt = (layer(x, xt), layer_t(xt, x)) if layer.cross else (layer(x), layer_t(xt))
        return x.reshape(batch, length, rows, channels).permute(0, 3, 2, 1), xt.transpose(1, 2)

    def time_places(self, length: int, channels: int, batch: int, device: torch.device) -> Tensor:
        """Position embedding of the waveform's tokens, [B or 1, length, C]."""
        options = self.options
        if options.emb == "scaled":
            found: Tensor = self.position_embeddings(torch.arange(length, device=device))
            return found
        places = torch.arange(length, device=device, dtype=torch.float32)[None]
        if options.emb == "cape":
            places = self._cape(places.repeat(batch, 1))
        elif self.training:
            places = places + random.randint(0, options.sin_random_shift)  # noqa: S311 - augmentation
        return line_embedding(places, channels, options.max_period)

    def _cape(self, places: Tensor) -> Tensor:
        """Continuous augmented positions (Likhomanenko et al., 2021): in training they are moved and stretched."""
        if self.options.cape_mean_normalize:
            places = places - places.mean(-1, keepdim=True)
        if not (self.training and self.options.cape_augment):
            return places
        shift, jitter, stretch = self.options.cape_glob_loc_scale
        moved = places + torch.empty_like(places[:, :1]).uniform_(-shift, shift) + torch.empty_like(places).uniform_(-jitter, jitter)
        return moved * torch.empty_like(places[:, :1]).uniform_(-math.log(stretch), math.log(stretch)).exp()

    def _norm_in(self, channels: int) -> nn.Module:
        if self.options.norm_in:
            return nn.LayerNorm(channels)
        groups = int(self.options.norm_in_group)
        return TokenGroupNorm(groups, channels) if groups else nn.Identity()


def line_embedding(places: Tensor, channels: int, max_period: float) -> Tensor:
    """Cosines, then sines, of places [B, T] at C/2 frequencies: [B, T, C]."""
    half = channels // 2
    periods = max_period ** (torch.arange(half, device=places.device) / (half - 1))
    phase = places[..., None] / periods
    return torch.cat([phase.cos(), phase.sin()], -1)


def plane_embedding(channels: int, rows: int, length: int, max_period: float, device: torch.device) -> Tensor:
    """Places in a spectrogram, [T * F, C]: the first half of the channels tells the time, the second the frequency."""
    half = channels // 2
    rates = torch.exp(torch.arange(0, half, 2, device=device) * -(math.log(max_period) / half))

    def waves(count: int) -> Tensor:  # [count, half]: sine and cosine take turns
        phase = torch.arange(count, device=device)[:, None] * rates
        return torch.stack([phase.sin(), phase.cos()], -1).flatten(1)

    return torch.cat([waves(length)[:, None].expand(-1, rows, -1), waves(rows)[None].expand(length, -1, -1)], -1).flatten(0, 1)
