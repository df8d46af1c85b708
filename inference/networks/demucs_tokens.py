"""The transformer of HTDemucs laid out for speed, for one song at a time; `demucs_transformer` has the published form."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from inference.networks.attention import attention
from inference.networks.demucs_transformer import CrossTransformer, Layer, TokenGroupNorm, line_embedding, plane_embedding
from inference.networks.packed import PackedLinear

TOKENS = 1024  # that go through both linears of a layer at once on a CPU


class TokenLayer(nn.Module):
    """As Layer: packed linears, layer scales folded into them.

    Args:
        published: it, with its weights.
        dtype: of its products.
    """

    def __init__(self, published: Layer, dtype: torch.dtype) -> None:
        super().__init__()
        self.cross, self.norm_first, self.dtype = published.cross, published.norm_first, dtype
        attention = published.attention
        self.heads = attention.num_heads
        weight, bias = attention.in_proj_weight, attention.in_proj_bias
        assert isinstance(weight, Tensor)
        assert isinstance(bias, Tensor)
        channels = weight.shape[1]
        first = channels if self.cross else 3 * channels
        self.project = PackedLinear(weight[:first], bias[:first], dtype=dtype)
        self.project_other = PackedLinear(weight[first:], bias[first:], dtype=dtype) if self.cross else None
        self.attended = _scaled(attention.out_proj, published.gamma_1, dtype)
        activation = "gelu" if isinstance(published.activation, nn.GELU) else "relu"
        self.linear1 = PackedLinear(published.linear1.weight, published.linear1.bias, dtype=dtype, activation=activation)  # type: ignore[arg-type]
        self.linear2 = _scaled(published.linear2, published.gamma_2, dtype)
        self.norm1, self.norm2 = published.norm1, published.norm2
        self.norm3 = published.norm3 if self.cross else None
        self.norm_out = published.norm_out

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """Tokens [N, C] -> the same shape; `other` [M, C] is what a cross layer listens to."""
        if not self.norm_first:
            x = _normed(self.norm1, self._attend(x, x, other))
            return _normed(self.norm2, self._feed(x, x))
        heard = None if other is None else _normed(self.norm2, other)
        x = self._attend(_normed(self.norm1, x), x, heard)
        x = self._feed(_normed(self.norm3 if self.norm3 is not None else self.norm2, x), x)
        return x if self.norm_out is None else _normed(self.norm_out, x)

    def _attend(self, x: Tensor, residual: Tensor, other: Tensor | None) -> Tensor:
        """The residual plus what `x` learns from `other`, or from itself."""
        if self.project_other is None:
            query, key, value = self._split(self.project(x), 3)
        else:
            assert other is not None
            (query,) = self._split(self.project(x), 1)
            key, value = self._split(self.project_other(other), 2)
        found = attention(query, key, value)[0].transpose(0, 1).reshape(len(x), -1)
        return _added(self.attended, found, residual)

    def _split(self, projected: Tensor, count: int) -> tuple[Tensor, ...]:
        """[N, count * C] -> count times [1, heads, N, C / heads]."""
        return projected.view(len(projected), count, self.heads, -1).permute(1, 2, 0, 3)[:, None].unbind(0)

    def _feed(self, x: Tensor, residual: Tensor) -> Tensor:
        found = torch.empty_like(residual)
        for part in _parts(x):
            found[part] = _added(self.linear2, self.linear1(x[part]), residual[part])
        return found


class Tokens(nn.Module):
    """As CrossTransformer, with the convolutions before and behind it.

    Args:
        published: it, with its weights.
        before: the 1 x 1 convolutions that widen the channels: of the spectrogram's branch, and of the waveform's.
        behind: those that narrow them again.
        dtype: of its products.
    """

    def __init__(self, published: CrossTransformer, before: list[nn.Module], behind: list[nn.Module], dtype: torch.dtype) -> None:
        super().__init__()
        self.published = published
        self.before = nn.ModuleList([_convolution(layer, dtype) for layer in before])
        self.behind = nn.ModuleList([_convolution(layer, dtype) for layer in behind])
        self.layers = nn.ModuleList([TokenLayer(_layer(layer), dtype) for layer in published.layers])
        self.layers_t = nn.ModuleList([TokenLayer(_layer(layer), dtype) for layer in published.layers_t])
        self.norm_in, self.norm_in_t = published.norm_in, published.norm_in_t
        self.options = published.options
        self.position_embeddings = getattr(published, "position_embeddings", None)
        del self.published  # its layers' weights live in packed form only

    def forward(self, x: Tensor, xt: Tensor) -> tuple[Tensor, Tensor]:
        """Rows [F, T, C] of the spectrogram, samples [U, 1, C] of the waveform -> the same shapes."""
        rows, length, _ = x.shape
        tokens, tokens_t = x.reshape(rows * length, -1), xt.reshape(len(xt), -1)
        if len(self.before):
            tokens, tokens_t = self.before[0](tokens), self.before[1](tokens_t)
        tokens, tokens_t = tokens.float(), tokens_t.float()
        channels, weight = tokens.shape[1], self.options.weight_pos_embed
        places = plane_embedding(channels, rows, length, self.options.max_period, x.device)
        places = places.view(length, rows, channels).transpose(0, 1).reshape(rows * length, channels)
        tokens = torch.add(_normed(self.norm_in, tokens), places, alpha=weight)
        places = self._time_places(len(tokens_t), channels, x.device).view(-1, channels)
        tokens_t = torch.add(_normed(self.norm_in_t, tokens_t), places, alpha=weight)
        for layer, layer_t in zip(self.layers, self.layers_t, strict=True):
            heard = (tokens_t, tokens) if layer.cross else (None, None)
            tokens, tokens_t = layer(tokens, heard[0]), layer_t(tokens_t, heard[1])
        if len(self.behind):
            tokens, tokens_t = self.behind[0](tokens), self.behind[1](tokens_t)
        return tokens.view(rows, length, -1), tokens_t.view(len(xt), 1, -1)

    def _time_places(self, length: int, channels: int, device: torch.device) -> Tensor:
        """As the published form's outside of training. Not its own method, which would hold on to all of it."""
        if self.position_embeddings is not None:
            found: Tensor = self.position_embeddings(torch.arange(length, device=device))
            return found
        places = torch.arange(length, device=device, dtype=torch.float32)[None]
        if self.options.emb == "cape" and self.options.cape_mean_normalize:
            places = places - places.mean(-1, keepdim=True)
        return line_embedding(places, channels, self.options.max_period)


def _layer(layer: nn.Module) -> Layer:
    assert isinstance(layer, Layer)
    return layer


def _convolution(layer: nn.Module, dtype: torch.dtype) -> PackedLinear:
    return PackedLinear(layer.get_parameter("weight").detach()[:, :, 0], layer.get_parameter("bias").detach(), dtype=dtype)


def _scaled(linear: nn.Linear, gamma: nn.Module, dtype: torch.dtype) -> PackedLinear:
    """A linear with the layer scale behind it."""
    weight, bias = linear.weight.detach(), linear.bias.detach()
    if isinstance(gamma, nn.Identity):
        return PackedLinear(weight, bias, dtype=dtype)
    scale = gamma.get_parameter("scale").detach()
    return PackedLinear(weight * scale[:, None], bias * scale, dtype=dtype)


def _added(linear: nn.Module, x: Tensor, residual: Tensor) -> Tensor:
    found: Tensor = linear(x, residual)
    return found


def _normed(norm: nn.Module, x: Tensor) -> Tensor:
    """Tokens [N, C] through a published norm."""
    if not isinstance(norm, TokenGroupNorm):
        found: Tensor = norm(x)
        return found
    groups = norm.num_groups
    variance, mean = torch.var_mean(x.view(len(x), groups, -1), (0, 2), unbiased=False)
    scale = norm.weight.view(groups, -1) * (variance + norm.eps).rsqrt()[:, None]
    shift = norm.bias.view(groups, -1) - mean[:, None] * scale
    return torch.addcmul(shift.flatten(), x, scale.flatten())


def _parts(x: Tensor) -> Iterator[slice]:
    step = TOKENS if x.device.type == "cpu" else len(x)
    return (slice(start, start + step) for start in range(0, len(x), step))
