"""The layers of the Roformers once more, for tiles: as many tokens at a time as stay in the processor's cache.

A tile is [a, n, c, dim]: a * c sequences of n positions. Frames of one band lie one after the other (c = 1); for a sequence
over bands, c frames beside each other are taken at once. No tile is transposed but inside the attention, which copies anyway.

What is constant is folded into the weights: the gammas of the norms, the scale of the attention, half feed-forwards, batch norms.
The products are in `dtype`; the residual, norms, rotary positions and on the CPU the attention are in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.networks.attention import attention
from inference.networks.packed import PackedLinear
from inference.networks.roformer_conformer import Convolution
from inference.networks.roformer_layers import LINEAR_SCALE, Attention, FeedForward, LinearAttention, RMSNorm

TINY = 1e-12  # below it a vector is not made longer
LONG = 128  # positions: a shorter attention is faster as two batched products


def unit(x: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Vectors of length 1 along the last axis, in `dtype`."""
    shorter = torch.linalg.vector_norm(x, dim=-1, keepdim=True).clamp_min_(TINY).reciprocal_()
    out = torch.empty(x.shape, dtype=dtype, device=x.device)
    torch.mul(x, shorter, out=out)
    return out


def gain(norm: nn.Module) -> Tensor:
    """What a norm multiplies unit vectors by, [dim]."""
    assert isinstance(norm, RMSNorm)
    gamma: Tensor = norm.gamma.detach().float()
    return gamma.mul(norm.gamma.shape[0] ** 0.5)


def linear(layer: nn.Module) -> tuple[Tensor, Tensor | None]:
    """Weight [D, C] and bias [D] of a linear layer or of a convolution of one tap."""
    assert isinstance(layer, (nn.Linear, nn.Conv1d))
    return layer.weight.detach().float().flatten(1), None if layer.bias is None else layer.bias.detach().float()


class Gain(nn.Module):
    """A norm on its own."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.gain: Tensor
        self.register_buffer("gain", gain(norm), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        return unit(x).mul_(self.gain)


class TileForward(nn.Module):
    """A feed-forward and what it is added to.

    Args:
        published: in eval mode.
        dtype: of the products.
        share: of its answer that is added.
    """

    def __init__(self, published: FeedForward, dtype: torch.dtype, share: float = 1.0) -> None:
        super().__init__()
        norm, up, _, _, down, _ = published.net
        weight, bias = linear(up)
        self.up = PackedLinear(weight * gain(norm), bias, dtype=dtype, activation="gelu")
        weight, bias = linear(down)
        assert bias is not None
        self.down = PackedLinear(weight if share == 1 else weight * share, bias * share, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        found: Tensor = self.down(self.up(unit(x, self.up.dtype)), x)
        return found


class TileAttention(nn.Module):
    """A gated attention and what it is added to. Gates, queries, keys and values are one product."""

    def __init__(self, published: Attention, dtype: torch.dtype) -> None:
        super().__init__()
        self.heads = published.heads
        qkv, _ = linear(published.to_qkv)
        gates, gates_bias = linear(published.to_gates)
        assert gates_bias is not None
        self.inner = qkv.shape[0] // 3  # features of all heads
        queries = qkv[: self.inner] * (self.inner // self.heads) ** -0.5
        even = gates.new_zeros(-self.heads % 8, gates.shape[1])  # rows must be pairs of numbers, and for a GPU of 16 bytes
        weight = torch.cat([queries, qkv[self.inner :], gates, even]) * gain(published.norm)
        self.inputs = PackedLinear(weight, F.pad(gates_bias, (len(qkv), len(even))), dtype=dtype)
        self.output = PackedLinear(*linear(published.to_out[0]), dtype=dtype)
        self.freqs: Tensor
        self.register_buffer("freqs", published.rotary_embed.freqs.detach().clone().float(), persistent=False)
        self._turns: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """[a, n, c, dim] -> [a, n, c, dim]."""
        a, n, c, _ = x.shape
        y = self.inputs(unit(x, self.inputs.dtype))
        y = y.float() if y.device.type == "cpu" else y  # elsewhere only what is turned: the way to memory and back is what takes the time
        qk, v, gates = y[..., : 2 * self.inner], y[..., 2 * self.inner : 3 * self.inner], y[..., 3 * self.inner :][..., : self.heads]
        q, k = self._turned(qk.float().view(a, n, c, 2, self.heads, -1)).flatten(1, 2)  # each [a * c, heads, n, features]
        v = v.view(a, n, c, self.heads, -1).permute(0, 2, 3, 1, 4).flatten(0, 1)
        found = attend(q, k, v, self.inputs.dtype).view(a, c, self.heads, n, -1).permute(0, 3, 1, 2, 4)
        gated = torch.empty(a, n, c, self.heads, found.shape[-1], dtype=self.output.dtype, device=x.device)
        torch.mul(found, gates.float().sigmoid()[..., None], out=gated)
        added: Tensor = self.output(gated.flatten(3), x)
        return added

    def _turned(self, qk: Tensor) -> Tensor:
        """Rotary positions: [a, n, c, 2, heads, features] -> [2, a, c, heads, n, features]."""
        a, n, c, two, heads, features = qk.shape
        turns = self._turns_of(n)
        pairs = qk.view(a, n, c, two, heads, -1, 2)
        out = torch.empty(two, a, c, heads, n, features, device=qk.device)
        turned = out.view(two, a, c, heads, n, -1, 2).permute(1, 4, 2, 0, 3, 5, 6)
        if qk.device.type in ("cpu", "cuda"):
            # A pair of features is a complex number, and to turn it a product: twice as fast as the four real ones.
            factors = torch.view_as_complex(turns)[:, None, None, None]
            torch.mul(torch.view_as_complex(pairs), factors, out=torch.view_as_complex(turned))
        else:
            (even, odd), (cos, sin) = pairs.unbind(-1), turns[:, None, None, None].unbind(-1)
            turned[..., 0] = even * cos - odd * sin
            turned[..., 1] = odd * cos + even * sin
        return out

    def _turns_of(self, positions: int) -> Tensor:
        """Cosine and sine of the angles, [positions, features / 2, 2]."""
        if self._turns is None or len(self._turns) != positions or self._turns.device != self.freqs.device:
            angles = torch.arange(positions, device=self.freqs.device)[:, None] * self.freqs
            self._turns = torch.stack([angles.cos(), angles.sin()], -1)
        return self._turns


def attend(q: Tensor, k: Tensor, v: Tensor, dtype: torch.dtype) -> Tensor:
    """Attention of scaled queries [B, heads, n, features] -> the same shape. Away from the CPU its products and answer are in `dtype`."""
    if q.device.type != "cpu":
        return attention(q.to(dtype), k.to(dtype), v.to(dtype), scale=1.0)
    if q.shape[-2] >= LONG:
        return F.scaled_dot_product_attention(q, k, v, scale=1.0)
    flat = [part.reshape(-1, *part.shape[-2:]) for part in (q, k, v)]
    weights = torch.bmm(flat[0], flat[1].mT).softmax(-1)
    return torch.bmm(weights, flat[2]).view_as(q)


class TileConvolution(nn.Module):
    """The convolution of a conformer and what it is added to."""

    def __init__(self, published: Convolution, dtype: torch.dtype) -> None:
        super().__init__()
        norm, _, up, _, depthwise, batch_norm, _, down, _, _ = published.net
        assert isinstance(depthwise, nn.Conv1d)
        assert isinstance(batch_norm, nn.BatchNorm1d)
        assert depthwise.bias is not None
        assert batch_norm.running_mean is not None
        assert batch_norm.running_var is not None
        weight, bias = linear(up)
        self.up = PackedLinear(weight * gain(norm), bias, dtype=dtype)
        self.down = PackedLinear(*linear(down), dtype=dtype)
        scale = batch_norm.weight.detach() / (batch_norm.running_var + batch_norm.eps).sqrt()
        self.weight: Tensor
        self.bias: Tensor
        self.register_buffer("weight", depthwise.weight.detach() * scale[:, None, None], persistent=False)
        shift = batch_norm.bias.detach() - batch_norm.running_mean * scale
        self.register_buffer("bias", depthwise.bias.detach() * scale + shift, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[a, n, c, dim] -> [a, n, c, dim]."""
        a, n, c, _ = x.shape
        y = F.glu(self.up(unit(x, self.up.dtype)).float(), -1)
        along = y.permute(0, 2, 3, 1).flatten(0, 1)  # [a * c, features, n]
        filtered = F.conv1d(along, self.weight, self.bias, padding=self.weight.shape[-1] // 2, groups=along.shape[1])
        back = F.silu(filtered).view(a, c, -1, n).permute(0, 3, 1, 2)
        added: Tensor = self.down(back, x)
        return added


class TileLinearAttention(nn.Module):
    """A linear attention and what it is added to. It needs all tokens at once, so it makes tiles itself.

    Args:
        published: in eval mode.
        dtype: of the products.
    """

    def __init__(self, published: LinearAttention, dtype: torch.dtype) -> None:
        super().__init__()
        self.heads = published.heads
        weight = linear(published.to_qkv[0])[0] * gain(published.norm)
        inner = len(weight) // 3
        self.queries_keys = PackedLinear(weight[: 2 * inner], dtype=dtype)
        self.values = PackedLinear(weight[2 * inner :], dtype=dtype)
        self.output = PackedLinear(*linear(published.to_out[1]), dtype=dtype)
        self.scale: Tensor
        self.register_buffer("scale", published.temperature.detach().float().exp() * LINEAR_SCALE, persistent=False)

    def forward(self, x: Tensor, tokens: int) -> None:
        """Add the answer to x [B, n, dim], some `tokens` at a time."""
        weights = self._weights(x, tokens)
        for tile in x.split(tokens, 1):  # type: ignore[no-untyped-call]
            v = self.values(unit(tile, self.values.dtype)).float().view(*tile.shape[:2], self.heads, -1)
            found = torch.einsum("bhij, bnhj -> bnhi", weights, v)
            tile.copy_(self.output(found.flatten(2), tile.contiguous()))

    def _weights(self, x: Tensor, tokens: int) -> Tensor:
        """How features hear each other, [B, heads, features, features]."""
        products: Tensor | float = 0.0
        squares: Tensor | float = 0.0
        for tile in x.split(tokens, 1):  # type: ignore[no-untyped-call]
            both = self.queries_keys(unit(tile, self.queries_keys.dtype)).float().view(*tile.shape[:2], 2, self.heads, -1)
            products = products + torch.einsum("bnhi, bnhj -> bhij", both[:, :, 0], both[:, :, 1])
            squares = squares + both.square().sum(1)
        q, k = torch.as_tensor(squares).sqrt().clamp_min(TINY).unbind(1)
        return (self.scale * products / (q[..., :, None] * k[..., None, :])).softmax(-1)
